"""CSV and its relatives: fields between commas, semicolons, tabs or bars."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import BinaryIO, NamedTuple

from rejectnlp.errors import DataError
from rejectnlp.files.columns import name_columns
from rejectnlp.files.encodings import LONGEST_LINE, Lines
from rejectnlp.files.sources import AS_CSV
from rejectnlp.files.tables import BadRow, Contents, LineFormat, Row, say_uneven
from rejectnlp.files.values import cell_of

_LONGEST_RECORD = 1_000  # lines in one quoted field: beyond it a quote was left open
_LARGEST_RECORD = 20_000_000  # characters of such a field: lines may be long, too
_MOST_UNCLOSED = 1_000  # each costs a second look at up to 1,000 lines
_ONE_COLUMN = "\x1f"  # a delimiter that text does not hold: the whole line is one field
_SEPARATOR_LINE = re.compile(r"sep=([^\w\s\"]|\t)\r?\n", re.IGNORECASE)  # of Excel
_QUOTE_LEFT_OPEN = "has a quote, opened in line {}, that is not closed where a field ends"
_QUOTE_NOT_DOUBLED = "has a quote inside a quoted field that is not doubled"


class _UnclosedQuote(Exception):  # noqa: N818 (a signal, never shown)
    pass


class _Record(NamedTuple):
    fields: list[str]
    raw: str
    line: int
    fault: str


def read_delimited(lines: Lines, sample: str, usual: str) -> Contents:
    """Read a table whose delimiter is found out; `usual` is the one not worth a note."""
    csv.field_size_limit(2 * LONGEST_LINE)
    stated = _SEPARATOR_LINE.match(sample)
    if stated:
        next(lines)
    delimiter = stated[1] if stated else _choose_delimiter(sample, usual)
    records = _read_records(lines, delimiter)
    header = next(records, _Record([], "", 1, "is missing"))
    if header.fault:
        raise DataError(f"the header {header.fault}", remedy=AS_CSV)
    columns = name_columns(header.fields)
    rows = (_make_row(n, record, columns, delimiter) for n, record in enumerate(records, 1))
    return Contents(columns, rows, [] if delimiter == usual else [_say_delimiter(delimiter)])


def _say_delimiter(delimiter: str) -> str:
    if delimiter == _ONE_COLUMN:
        return "one column"
    return "columns separated by " + ("tabs" if delimiter == "\t" else f"'{delimiter}'")


def _choose_delimiter(sample: str, usual: str) -> str:
    """Take the one that cuts the first records most often like the header.

    `csv.Sniffer` counts characters, and stories hold more commas than columns do.
    """
    if usual == "\t" and "\t" in sample.lstrip("\r\n").partition("\n")[0]:
        return "\t"

    def fit(delimiter: str) -> tuple[bool, float, int]:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        sizes = [len(record) for record in islice(filter(None, reader), 40)]
        n_same = sum(n == sizes[0] for n in sizes[1:])
        return sizes[0] > 1, n_same / max(1, len(sizes) - 1), sizes[0]

    best = max(",;\t|", key=fit)
    return best if fit(best)[0] else _ONE_COLUMN


class _Feed:
    """Hands lines to `csv.reader` and remembers those of the record at hand.

    The reader asks for a second line only inside a quoted field, so this is the
    place to see that a quote was left open.
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.taken: list[str] = []
        self._room = _LARGEST_RECORD

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self._room = self._room - len(self.taken[-1]) if self.taken else _LARGEST_RECORD
        is_full = len(self.taken) >= _LONGEST_RECORD or self._room < 0
        line = "" if is_full else next(self._lines, "")
        if not line:
            raise _UnclosedQuote if self.taken else StopIteration
        self.taken.append(line)
        return line


def _read_records(lines: Lines, delimiter: str) -> Iterator[_Record]:
    """Cut lines into records; where quotes are wrong, one line is a record with a fault.

    The lines after it are read anew, so that a quote left open costs one row. The
    strict reader is needed: the other one joins rows where the next quote opens.
    """
    feed, n_unclosed = _Feed(lines), 0
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.taken.clear()
        line, fields, fault = lines.number + 1, [], ""
        try:
            fields = next(reader)
        except StopIteration:
            return
        except (_UnclosedQuote, csv.Error) as error:
            is_open = isinstance(error, _UnclosedQuote) or len(feed.taken) > 1
            fault = _QUOTE_LEFT_OPEN.format(line) if is_open else _QUOTE_NOT_DOUBLED
            n_unclosed += is_open
            lines.put_back(feed.taken[1:])
            del feed.taken[1:]
        if n_unclosed > _MOST_UNCLOSED:
            most = f"more than {_MOST_UNCLOSED:,} rows, last in line {line}"
            problem = f"leaves quotes open in {most}"
            raise DataError(problem, remedy='Double each " inside a field.')
        raw = "".join(feed.taken)
        if raw.strip(" \r\n"):
            fault = fault or ("contains a NUL character" if "\0" in raw else "")
            yield _Record(fields, raw.rstrip("\r\n"), line, fault)


def _make_row(number: int, record: _Record, columns: list[str], delimiter: str) -> Row | BadRow:
    fields, raw, line, reason = record
    is_unquoted = delimiter == "\t" and raw.count("\t") == len(columns) - 1
    if reason and is_unquoted and "\0" not in raw:
        fields, reason = raw.split("\t"), ""
    elif not reason and len(fields) != len(columns):
        n_breaks = raw.count("\n")
        over = f", over lines {line} to {line + n_breaks}: is a quote left open?"
        reason = say_uneven(len(fields), len(columns)) + (over if n_breaks else "")
    if reason:
        return BadRow(number, reason, raw)
    return Row(number, dict(zip(columns, fields, strict=True)))


@dataclass(frozen=True)
class DelimitedLine:
    """Makes lines by hand: `csv.writer` leaves a lone CR without quotes."""

    columns: Sequence[str]
    delimiter: str

    def __call__(self, row: Mapping[str, object]) -> bytes:
        """Give the line of a row."""
        # Most cells are probabilities: the short way for finite numbers, as `cell_of` has them.
        cells = [
            repr(round(v, 6)) if type(v) is float and v - v == 0.0 else self._cell(v)
            for v in map(row.get, self.columns)
        ]
        line = self.delimiter.join(cells)
        # A line of blanks would be skipped when read again.
        line = line if line.strip(" ") else f'"{line}"'
        return f"{line}\n".encode()

    def _cell(self, value: object) -> str:
        cell = cell_of(value)
        if not self._special.search(cell):
            return cell
        doubled = cell.replace("\0", "\ufffd").replace('"', '""')
        return f'"{doubled}"' if self._quoted.search(doubled) else doubled

    @cached_property
    def _quoted(self) -> re.Pattern[str]:
        return re.compile(f'[{self.delimiter}"\r\n]')

    @cached_property
    def _special(self) -> re.Pattern[str]:
        return re.compile(f'[{self.delimiter}"\r\n\0]')


class DelimitedFormat(LineFormat):
    """A header, and a line for each row."""

    def __init__(
        self, stream: BinaryIO, columns: Sequence[str], delimiter: str, *, has_header: bool = False
    ) -> None:
        super().__init__(stream, DelimitedLine(tuple(columns), delimiter))
        if not has_header:
            self.write(dict(zip(columns, columns, strict=True)))
