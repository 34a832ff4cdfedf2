"""Files become tables or texts: one way in for every format."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from rejectnlp.errors import DataError, UsageError
from rejectnlp.files.columns import check_columns
from rejectnlp.files.delimited import read_delimited
from rejectnlp.files.encodings import Lines, choose_encoding, decode, say_encoding
from rejectnlp.files.excel import read_workbook
from rejectnlp.files.jsonl import read_jsonl
from rejectnlp.files.parquet import read_parquet
from rejectnlp.files.sources import (
    AS_CSV,
    HEAD,
    STDIN,
    explained,
    n_bytes_read,
    name_of,
    open_bytes,
    refuse_binary,
)
from rejectnlp.files.tables import BadRow, Contents, Row, Table
from rejectnlp.settings import SETTINGS

_KINDS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
_BINARY = {
    "parquet": (b"PAR1", "Parquet", read_parquet),
    "xlsx": (b"PK\x03\x04", "an Excel workbook", read_workbook),
}
_WEB_PAGE = re.compile(r"\s*<(!doctype|html|\?xml)", re.IGNORECASE)


def open_table(source: Path | str, *, stream: io.BufferedIOBase | None = None) -> Table:
    r"""Open a table of accounts whose format follows its suffix.

    Encoding and delimiter are found out from the first 64 kB. Single bytes that
    are not UTF-8 in a file that else is are read as Windows-1252, which puts no
    row aside; `Table.assumptions` then counts the lines.

    In tab-separated files, where many programs do not quote, a line whose quotes
    make no sense is taken as it stands if the number of its fields is right.

    Parameters
    ----------
    source
        `.csv`, `.tsv`, `.txt`, `.jsonl`, `.ndjson`, `.json` (an object a line), each
        also with `.gz`; `.parquet`, `.xlsx`; or `-` for CSV or JSONL on standard input.
    stream
        Its bytes, unpacked, where `source` is not a path here and only names them; who
        opened it closes it.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "accounts.csv")
    >>> _ = path.write_text("id;text\na1;They never called back.\n")
    >>> with open_table(path) as table:
    ...     print(table.columns, table.assumptions)
    ...     for row in table:
    ...         print(row)
    ('id', 'text') ("columns separated by ';'",)
    Row(number=1, values={'id': 'a1', 'text': 'They never called back.'})
    """
    path = Path(source)
    with ExitStack() as stack, explained(path):
        stream = stream or open_bytes(path, stack)
        columns, rows, notes = _read(path, stream, stack)
        check_columns(columns)
        contents = Contents(columns, _explain_rows(rows, path), notes)
        return Table(name_of(path), contents, stack.pop_all(), partial(n_bytes_read, stream))


def read_text(source: Path | str, *, largest: int = SETTINGS.largest_input) -> str:
    r"""Read a whole text file, or standard input for `-`, whatever its encoding.

    Line ends become "\n", and bytes that are not UTF-8 what Windows would show.

    Parameters
    ----------
    largest
        Bytes beyond which the file is refused.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "story.txt")
    >>> _ = path.write_bytes(b"They didn\x92t call.\r\n")
    >>> read_text(path)
    'They didn’t call.\n'
    """
    path = Path(source)
    with ExitStack() as stack, explained(path):
        data = open_bytes(path, stack).read(largest + 1)
        if len(data) > largest:
            remedy = "Give a shorter text."
            raise DataError(f"is larger than {largest:,} bytes", remedy=remedy)
        return decode(data)


def _explain_rows(rows: Iterator[Row | BadRow], path: Path) -> Iterator[Row | BadRow]:
    with explained(path):
        yield from rows


def _read(path: Path, stream: io.BufferedIOBase, stack: ExitStack) -> Contents:
    kind = "" if path == STDIN else _choose_kind(path)
    head = stream.read(HEAD)
    if kind not in _BINARY:
        return _read_lines(head, stream, kind, stack)
    magic, format_name, read = _BINARY[kind]
    if not head:
        raise DataError("is empty", remedy="Write it again.")
    if not head.startswith(magic):
        refuse_binary(head, "")
        remedy = "Give it the suffix of what it is, such as .csv."
        raise DataError(f"is not {format_name} but text", remedy=remedy)
    if not stream.seekable():
        raise DataError(f"is {format_name} in a pipe", remedy="Save it as a file first.")
    stream.seek(0)
    return read(stream, stack)


def _choose_kind(path: Path) -> str:
    name = path.name.lower()
    unpacked = name.removesuffix(".gz")
    kind = _KINDS.get(Path(unpacked).suffix, "")
    if not kind or (kind in _BINARY and unpacked != name):
        remedy = f"Known are {', '.join(_KINDS)}, and .gz after those of text."
        raise UsageError("has a suffix that says no format", remedy=remedy)
    return kind


def _read_lines(head: bytes, stream: io.BufferedIOBase, kind: str, stack: ExitStack) -> Contents:
    encoding = choose_encoding(head)
    refuse_binary(head, encoding)
    sample = head.decode(encoding, "replace")
    if not sample.strip():
        raise DataError("is empty", remedy="Give a table with a header.")
    if _WEB_PAGE.match(sample):
        raise DataError("seems to be a web page or XML", remedy=AS_CSV)
    lines = stack.enter_context(Lines(head, stream, encoding))
    if kind == "jsonl" or (not kind and sample.lstrip().startswith(("{", "["))):
        columns, rows, notes = read_jsonl(lines, sample)
    else:
        columns, rows, notes = read_delimited(lines, sample, "\t" if kind == "tsv" else ",")
    notes = [", ".join(said)] if (said := say_encoding(encoding) + notes) else []
    return Contents(columns, _count_repairs(rows, lines, notes), notes)


def _count_repairs(
    rows: Iterator[Row | BadRow], lines: Lines, notes: list[str]
) -> Iterator[Row | BadRow]:
    yield from rows
    if lines.n_repaired:
        n = f"{lines.n_repaired:,} line{'s' if lines.n_repaired > 1 else ''}"
        notes.append(f"bytes that are not UTF-8 in {n} read as Windows-1252")
