"""What files hold: rows, rows that could not be read, and tables of both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple


@dataclass(frozen=True, slots=True)
class Row:
    """One record that could be read; `number` counts from 1, the header aside."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """One record that could not be read: why, and what stands there."""

    number: int
    reason: str
    raw: str


class Contents(NamedTuple):
    """What the reader of a format finds; `notes` may grow until the last row."""

    columns: list[str]
    rows: Iterator[Row | BadRow]
    notes: list[str]


class Table:
    """Rows of one file, read once, in their order, and not held in memory.

    Parameters
    ----------
    name
        File name for messages.
    contents
        Columns (from the header, or the keys of the first object), rows and assumptions.
    closing
        Closes the file when the `with` block is left.
    n_bytes_read
        Says how many bytes of the file were read so far; 0 where that is not known.
    """

    def __init__(
        self,
        name: str,
        contents: Contents,
        closing: ExitStack,
        n_bytes_read: Callable[[], int] = int,
    ) -> None:
        self.n_bytes_read = n_bytes_read
        self.name = name
        self.columns = tuple(contents.columns)
        self._rows = contents.rows
        self._notes = contents.notes
        self._closing = closing

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What was guessed about the file; complete after the last row."""
        return tuple(self._notes)

    def __iter__(self) -> Iterator[Row | BadRow]:
        return self._rows

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.close()


ToLine = Callable[[Mapping[str, object]], bytes]
"""Makes a row a line of bytes; it can be sent to another process."""


class RowFormat:
    """How a format writes: rows as they come, then its end, or none if something failed.

    `to_line` makes the line of a row; None where a row is no line of its own.
    """

    to_line: ToLine | None = None

    def write(self, row: Mapping[str, object]) -> None:
        """Write one row."""
        raise NotImplementedError

    def write_lines(self, lines: bytes) -> None:
        """Write lines that `to_line` made, here or in another process."""
        raise NotImplementedError

    def finish(self) -> None:
        """Write what stands below the last row."""

    def abandon(self) -> None:
        """Let go of what is held."""


class LineFormat(RowFormat):
    """A format of one line a row."""

    def __init__(self, stream: BinaryIO, to_line: ToLine) -> None:
        self._stream = stream
        self.to_line: ToLine = to_line

    def write(self, row: Mapping[str, object]) -> None:
        """Write one line."""
        self.write_lines(self.to_line(row))

    def write_lines(self, lines: bytes) -> None:
        """Write lines as they are."""
        self._stream.write(lines)


def make_row(number: int, values: dict[str, str]) -> Row | BadRow:
    """Give a row, or set it aside if it holds what no text file could take again."""
    if any("\0" in value for value in values.values()):
        raw = json.dumps(values, ensure_ascii=False)
        return BadRow(number, "contains a NUL character", raw)
    return Row(number, values)


def say_uneven(n_fields: int, n_columns: int) -> str:
    """Say that a record does not fit the header."""
    return f"has {n_fields} field{'' if n_fields == 1 else 's'}, the header has {n_columns}"
