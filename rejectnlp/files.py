"""Tables in: CSV, JSONL, Parquet and Excel files become rows, one at a time.

Nothing is dropped silently. A record that cannot be read is a `BadRow` in its
place, and what had to be guessed about a file stands in `Table.assumptions`.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import sys
import warnings
import zipfile
import zlib
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple, cast

from rejectnlp.errors import DataError, UsageError, suggest

TEXT_COLUMNS = (
    *("text", "story", "account", "comment", "review"),
    *("body", "answer", "feedback", "description", "message"),
)
"""Columns taken for the text when none is named, in this order."""

_KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
_HEAD = 65_536  # bytes on which encoding and delimiter are decided
_LONGEST_LINE = 100_000_000  # characters; memory has to end somewhere
_LONGEST_RECORD = 1_000  # lines in one quoted field: beyond it a quote was left open
_MOST_UNCLOSED = 1_000  # each costs a second look at up to 1,000 lines
_MOST_EARLY_FAULTS = 1_000  # JSONL lines that may fail before the first object
_EXCEL_ROWS, _EXCEL_COLUMNS = 1_048_576, 16_384
_LARGEST_WORKBOOK = 500_000_000  # bytes when unpacked; shared strings are held in memory
_LARGEST_RATIO = 200  # real workbooks shrink 5 to 20 times
_ONE_COLUMN = "\x1f"  # a delimiter that text does not hold: the whole line is one field

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ENCODING_NAMES = {
    "cp1252": "Windows-1252",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
}
_AS_CSV = "Save it as CSV (UTF-8) or .xlsx."
_ZIP = b"PK\x03\x04"
_BINARIES = (
    (b"%PDF-", "a PDF", "Save its text as CSV."),
    (b"\x89PNG", "a PNG image", "Give a table instead."),
    (b"\xff\xd8\xff", "a JPEG image", "Give a table instead."),
    (b"GIF8", "a GIF image", "Give a table instead."),
    (_ZIP, "a zip or an Excel workbook", "Rename a workbook to .xlsx, or unzip it."),
    (b"\xd0\xcf\x11\xe0", "an old Excel (.xls) or locked workbook", _AS_CSV),
    (b"\x1f\x8b", "packed with gzip", "Let its name end in .csv.gz, or unpack it: gunzip."),
    (b"BZh", "packed with bzip2", "Unpack it first."),
    (b"\xfd7zXZ", "packed with xz", "Unpack it first."),
    (b"PAR1", "Parquet", "Rename it to .parquet."),
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV."),
    (b"{\\rtf", "an RTF document", "Save it as plain text."),
)
# Bytes that are not UTF-8 pass through Python's surrogate escapes, then become what
# Windows would show; the five it leaves undefined become U+FFFD.
_ESCAPED = re.compile("[\udc80-\udcff]")
_AS_WINDOWS = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(128, 256)}
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SEPARATOR_LINE = re.compile(r'"?sep=([^\w\s"]|\t)"?[ ,;\t]*\r?\n?', re.IGNORECASE)


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


class Table:
    """Rows of one file, read once, in their order, and not held in memory.

    Parameters
    ----------
    name
        File name for messages.
    columns
        Names from the header, or the keys of the first object.
    rows
        What iterating over the table gives.
    notes
        Assumptions; readers add to it until the last row.
    closing
        Closes the file.
    """

    def __init__(
        self,
        name: str,
        columns: Sequence[str],
        rows: Iterator[Row | BadRow],
        notes: list[str],
        closing: ExitStack,
    ) -> None:
        self.name = name
        self.columns = tuple(columns)
        self._rows = self._read(rows)
        self._notes = notes
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
        self.close()

    def close(self) -> None:
        """Close the file; reading to the end does so too."""
        self._closing.close()

    def _read(self, rows: Iterator[Row | BadRow]) -> Iterator[Row | BadRow]:
        with self._closing, _explained(self.name):
            yield from rows


def open_table(source: Path | str) -> Table:
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
    name = _name(path)
    kind = "" if _is_stdin(path) else _kind(path)
    with ExitStack() as stack, _explained(name):
        if kind == "parquet":
            table = _open_parquet(path, name, stack)
        elif kind == "xlsx":
            table = _open_workbook(path, name, stack)
        else:
            table = _open_text(path, name, kind, stack)
        table._closing = stack.pop_all()
        return table


def read_text(source: Path | str, *, largest: int = 20_000_000) -> str:
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
    name = _name(path)
    with ExitStack() as stack, _explained(name):
        data = _open_bytes(path, stack).read(largest + 1)
    if len(data) > largest:
        remedy = "Give a shorter text, or a table of accounts."
        raise DataError(f"is larger than {largest:,} bytes", place=name, remedy=remedy)
    encoding = _choose_encoding(data[:_HEAD])
    _refuse_binary(data[:_HEAD], encoding, name)
    text = data.decode(encoding, _on_error(encoding)).translate(_AS_WINDOWS)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def choose_text_column(columns: Sequence[str], wanted: str | None) -> str:
    """Find the column that holds the text: the one wanted, a usual name, or the only one.

    Examples
    --------
    >>> choose_text_column(["id", "Story"], None)
    'Story'
    >>> choose_text_column(["nr", "Antwort"], "antwort")
    'Antwort'
    """
    return choose_column(columns, wanted, TEXT_COLUMNS, "the text", "--text-column")


def choose_column(
    columns: Sequence[str], wanted: str | None, usual: Sequence[str], what: str, option: str
) -> str:
    """Find a column: the one wanted, one with a usual name, or the only one.

    Parameters
    ----------
    usual
        Lower-case names to look for, best first.
    what, option
        What the column holds and the option that names it, for the message.

    Examples
    --------
    >>> choose_column(["text", "Cause"], None, ["label", "cause"], "the causes", "--label-column")
    'Cause'
    """
    if wanted is not None:
        return _find_column(columns, wanted)
    by_lower = {column.lower(): column for column in columns}
    for name in usual:
        if name in by_lower:
            return by_lower[name]
    if len(columns) == 1:
        return columns[0]
    problem = f"which column holds {what}? Columns: {_listed(columns)}; use {option}"
    raise UsageError(problem)


def choose_id_column(columns: Sequence[str], wanted: str | None) -> str | None:
    """Find the column that holds the ids; without one, record numbers serve.

    Examples
    --------
    >>> choose_id_column(["ID", "text"], None)
    'ID'
    >>> choose_id_column(["text"], None) is None
    True
    """
    if wanted is not None:
        return _find_column(columns, wanted)
    return next((column for column in columns if column.lower() == "id"), None)


def _find_column(columns: Sequence[str], wanted: str) -> str:
    if wanted in columns:
        return wanted
    for column in columns:
        if column.lower() == wanted.lower():
            return column
    remedy = f"{suggest(wanted, columns)}Columns: {_listed(columns)}."
    raise UsageError(f"no column {_printable(wanted)!r}", remedy=remedy)


# --- opening -----------------------------------------------------------------------------


def _is_stdin(path: Path) -> bool:
    return str(path) == "-"


def _name(path: Path) -> str:
    return "standard input" if _is_stdin(path) else _printable(path.name or str(path))


def _printable(text: str, longest: int = 60) -> str:
    # A file without a header shows a story where names belong, and a name may hold escapes.
    shown = "".join(c if c.isprintable() else "?" for c in text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _listed(columns: Sequence[str]) -> str:
    more = f", and {len(columns) - 20} more" if len(columns) > 20 else ""
    return ", ".join(_printable(column, 40) for column in columns[:20]) + more


def _kind(path: Path) -> str:
    _check_there(path)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    is_packed = suffixes[-1:] == [".gz"]
    kind = _KINDS.get("".join(suffixes[:-1][-1:] if is_packed else suffixes[-1:]), "")
    if not kind or (is_packed and kind in ("parquet", "xlsx")):
        known = ", ".join(_KINDS)
        remedy = f"Known are {known}, and .gz after those of text."
        raise UsageError("has a suffix that says no format", place=_name(path), remedy=remedy)
    return kind


def _check_there(path: Path) -> None:
    with _explained(_name(path)):
        if path.is_dir():
            remedy = "Name a file in it."
            raise DataError("is a folder, not a file", place=_name(path), remedy=remedy)
        if path.exists():
            return
    try:
        neighbours = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        remedy = "Its folder cannot be read either."
    else:
        remedy = suggest(path.name, neighbours).strip()
    raise UsageError("no such file", place=_name(path), remedy=remedy)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn what the system says while reading into one message."""
    try:
        yield
    except PermissionError as error:
        remedy = "Ask its owner, or change its permissions."
        raise DataError("may not be read by you", place=name, remedy=remedy) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        remedy = "Fetch or pack it again."
        raise DataError("is cut off, damaged or not gzip", place=name, remedy=remedy) from error
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or 'OSError'})", place=name) from error


def _open_bytes(path: Path, stack: ExitStack) -> io.BufferedIOBase:
    if _is_stdin(path):
        return cast(io.BufferedIOBase, sys.stdin.buffer)
    _check_there(path)
    if path.suffix.lower() == ".gz":
        return stack.enter_context(gzip.open(path, "rb"))
    return stack.enter_context(path.open("rb"))


# --- text --------------------------------------------------------------------------------


def _open_text(path: Path, name: str, kind: str, stack: ExitStack) -> Table:
    stream = _open_bytes(path, stack)
    head = stream.read(_HEAD)
    encoding = _choose_encoding(head)
    _refuse_binary(head, encoding, name)
    decoder = codecs.getincrementaldecoder(encoding)(_on_error(encoding))
    sample = decoder.decode(head, len(head) < _HEAD)
    if not sample.strip():
        raise DataError("is empty", place=name, remedy="Give a table with a header.")
    if re.match(r"\s*<(!doctype|html|\?xml)", sample, re.IGNORECASE):
        raise DataError("seems to be a web page or XML", place=name, remedy=_AS_CSV)
    lines = stack.enter_context(_Lines(_Rewound(head, stream), encoding, name))
    notes = [] if encoding.startswith("utf-8") else [f"read as {_ENCODING_NAMES[encoding]}"]
    if kind == "jsonl" or (not kind and re.match(r"\s*(\{|\[\s*\{)", sample)):
        columns, rows = _open_jsonl(lines, sample, name)
    else:
        is_tsv = ".tsv" in [suffix.lower() for suffix in path.suffixes]
        columns, rows = _open_csv(lines, sample, is_tsv, notes)
    _check_columns(columns, name)
    if len(notes) == 2:
        notes[:] = [", ".join(notes)]
    return Table(name, columns, _and_count_repairs(rows, lines, notes), notes, stack)


def _choose_encoding(head: bytes) -> str:
    """Decide by mark, then by the NULs of UTF-16, then by whether UTF-8 fits."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    half = len(head) // 2
    nuls = head[0::2].count(0), head[1::2].count(0)
    if half and max(nuls) > 0.3 * half and min(nuls) < 0.05 * half:
        return "utf-16-be" if nuls[0] > nuls[1] else "utf-16-le"
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(head)
    n_strange = len(_ESCAPED.findall(text))
    # A single stray byte does not make mojibake of a file that else is UTF-8.
    n_fitting = sum(not c.isascii() for c in text) - n_strange if n_strange else 0
    return "cp1252" if n_strange > n_fitting else "utf-8"


def _on_error(encoding: str) -> str:
    return "surrogateescape" if encoding.startswith("utf-8") else "replace"


def _refuse_binary(head: bytes, encoding: str, name: str) -> None:
    for magic, what, remedy in _BINARIES:
        if head.startswith(magic):
            raise DataError(f"seems to be {what}", place=name, remedy=remedy)
    if encoding.startswith(("utf-16", "utf-32")):
        return
    n_controls = len(head) - len(head.translate(None, bytes(range(9)) + bytes(range(14, 32))))
    if n_controls > max(32, len(head) / 10):
        remedy = f"It is neither text nor a known format. {_AS_CSV}"
        raise DataError("seems to be binary data", place=name, remedy=remedy)


class _Rewound(io.RawIOBase):
    """A stream whose head, already taken, comes first again; standard input cannot seek."""

    def __init__(self, head: bytes, stream: io.BufferedIOBase) -> None:
        self._head = head
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._head[: len(buffer)] or self._stream.read1(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(chunk)] = chunk
        return len(chunk)


class _Lines:
    """Lines with their ends and their numbers; some may be put back."""

    def __init__(self, stream: io.RawIOBase, encoding: str, name: str) -> None:
        # newline="" keeps the line breaks inside quoted fields as they are.
        buffered = io.BufferedReader(stream, _HEAD)
        self._text = io.TextIOWrapper(buffered, encoding, _on_error(encoding), newline="")
        self._again: deque[str] = deque()
        self.name = name
        self.number = 0
        self.n_repaired = 0

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *exception: object) -> None:
        self._text.close()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        return line

    def _read(self) -> str:
        line = self._text.readline(_LONGEST_LINE)
        if len(line) >= _LONGEST_LINE:
            problem = f"line {self.number + 1} has more than {_LONGEST_LINE:,} characters"
            raise DataError(problem, place=self.name, remedy="Split it, or unpack the file.")
        if not line.isascii() and _ESCAPED.search(line):
            self.n_repaired += 1
            return line.translate(_AS_WINDOWS)
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)


def _and_count_repairs(
    rows: Iterable[Row | BadRow], lines: _Lines, notes: list[str]
) -> Iterator[Row | BadRow]:
    yield from rows
    if lines.n_repaired:
        n = f"{lines.n_repaired:,} line{'s' if lines.n_repaired > 1 else ''}"
        notes.append(f"bytes that are not UTF-8 in {n} read as Windows-1252")


def _name_columns(header: Sequence[str]) -> list[str]:
    names = [column.replace("\ufeff", "").strip() for column in header]
    return [column or f"column {n}" for n, column in enumerate(names, start=1)]


def _check_columns(columns: Sequence[str], name: str) -> None:
    twice = [column for column, n in Counter(columns).items() if n > 1]
    if twice:
        problem = f"has columns of the same name: {_listed(twice)}"
        raise DataError(problem, place=name, remedy="Rename them in the header.")


# --- CSV ---------------------------------------------------------------------------------

_QUOTE_LEFT_OPEN = "has a quote, opened in line {}, that is not closed where a field ends"
_QUOTE_NOT_DOUBLED = "has a quote inside a quoted field that is not doubled"


class _UnclosedQuote(Exception):  # noqa: N818 (a signal, never shown)
    pass


class _Record(NamedTuple):
    fields: list[str]
    raw: str
    line: int
    fault: str


def _open_csv(
    lines: _Lines, sample: str, is_tsv: bool, notes: list[str]
) -> tuple[list[str], Iterator[Row | BadRow]]:
    csv.field_size_limit(max(csv.field_size_limit(), 2 * _LONGEST_LINE))
    stated = _SEPARATOR_LINE.match(sample)
    if stated:
        next(lines)
        delimiter = stated.group(1)
    else:
        delimiter = _choose_delimiter(sample, is_tsv)
    if delimiter != ("\t" if is_tsv else ","):
        shown = {"\t": "tabs", _ONE_COLUMN: ""}.get(delimiter, f"'{_printable(delimiter)}'")
        notes.append(f"columns separated by {shown}" if shown else "one column")
    records = _read_records(lines, delimiter)
    header = next(records, None)
    if header is None:
        raise DataError("is empty", place=lines.name, remedy="Give a table with a header.")
    if header.fault or "\0" in header.raw:
        problem = f"the header {header.fault or 'contains a NUL character'}"
        raise DataError(problem, place=lines.name, remedy=_AS_CSV)
    columns = _name_columns(header.fields)
    return columns, _csv_rows(records, columns, delimiter)


def _choose_delimiter(sample: str, is_tsv: bool) -> str:
    """Take the one that cuts the first records most often like the header.

    `csv.Sniffer` counts characters, and stories hold more commas than columns do.
    """
    header = sample.lstrip("\r\n").partition("\n")[0]
    if is_tsv and "\t" in header:
        return "\t"

    def fit(delimiter: str) -> tuple[bool, float, int]:
        records = _sample_records(sample, delimiter)
        n = len(records[0]) if records else 0
        same = sum(len(record) == n for record in records[1:])
        return n > 1, same / max(1, len(records) - 1), n

    best = max(",;\t|", key=fit)
    return best if fit(best)[0] else _ONE_COLUMN


def _sample_records(sample: str, delimiter: str) -> list[list[str]]:
    records: list[list[str]] = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    with suppress(csv.Error):
        records.extend(record for record in islice(reader, 40) if record)
    is_cut = len(sample) >= _HEAD // 4 and len(records) > 2
    return records[:-1] if is_cut else records


class _Feed:
    """Hands lines to `csv.reader` and remembers those of the record at hand.

    The reader asks for a second line only inside a quoted field, so this is the
    place to see that a quote was left open.
    """

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        self.taken: list[str] = []
        self._n_characters = 0

    def start(self) -> None:
        self.taken.clear()
        self._n_characters = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _LONGEST_RECORD or self._n_characters > _LONGEST_LINE:
            raise _UnclosedQuote
        try:
            line = next(self._lines)
        except StopIteration:
            if self.taken:
                raise _UnclosedQuote from None
            raise
        self.taken.append(line)
        self._n_characters += len(line)
        return line


def _read_records(lines: _Lines, delimiter: str) -> Iterator[_Record]:
    """Cut lines into records; where quotes are wrong, one line is a record with a fault.

    The lines after it are read anew, so that a quote left open costs one row. The
    strict reader is needed: the other one joins rows where the next quote opens.
    """
    feed, n_unclosed = _Feed(lines), 0
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.start()
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
            problem = (
                f"leaves quotes open in more than {_MOST_UNCLOSED:,} rows, last in line {line}"
            )
            raise DataError(problem, place=lines.name, remedy='Double each " inside a field.')
        raw = "".join(feed.taken)
        if raw.strip(" \r\n"):
            yield _Record(fields, raw.rstrip("\r\n"), line, fault)


def _csv_rows(
    records: Iterator[_Record], columns: list[str], delimiter: str
) -> Iterator[Row | BadRow]:
    for number, record in enumerate(records, start=1):
        if not record.fault and len(record.fields) == len(columns) and "\0" not in record.raw:
            yield Row(number, dict(zip(columns, record.fields, strict=True)))
        else:
            yield _csv_row_with_fault(number, record, columns, delimiter)


def _csv_row_with_fault(
    number: int, record: _Record, columns: list[str], delimiter: str
) -> Row | BadRow:
    fields, reason = record.fields, record.fault
    if reason and delimiter == "\t" and "\0" not in record.raw:
        fields = record.raw.split("\t")
        if len(fields) == len(columns):
            return Row(number, dict(zip(columns, fields, strict=True)))
    if not reason and "\0" in record.raw:
        reason = "contains a NUL character"
    if not reason:
        n_lines = record.raw.count("\n") + 1
        over = f", over lines {record.line} to {record.line + n_lines - 1}: is a quote left open?"
        reason = _uneven(len(fields), len(columns)) + (over if n_lines > 1 else "")
    return BadRow(number, reason, record.raw)


def _uneven(n_fields: int, n_columns: int) -> str:
    return f"has {n_fields} field{'' if n_fields == 1 else 's'}, the header has {n_columns}"


# --- JSONL -------------------------------------------------------------------------------


def _open_jsonl(lines: _Lines, sample: str, name: str) -> tuple[list[str], Iterator[Row | BadRow]]:
    remedy = "Write one object a line: jq -c '.[]' FILE > FILE.jsonl"
    if sample.lstrip("\ufeff \r\n\t").startswith("["):
        raise DataError("is one JSON array, not an object a line", place=name, remedy=remedy)
    rows = _jsonl_rows(lines)
    early: list[Row | BadRow] = []
    for row in rows:
        early.append(row)
        if isinstance(row, Row):
            return list(row.values), chain(early, rows)
        if len(early) >= _MOST_EARLY_FAULTS:
            break
    raise DataError("has no line that is a JSON object", place=name, remedy=remedy)


def _jsonl_rows(lines: _Lines) -> Iterator[Row | BadRow]:
    number = 0
    for line in lines:
        if line.strip():
            number += 1
            yield _jsonl_row(number, line.rstrip("\r\n"))


def _jsonl_row(number: int, line: str) -> Row | BadRow:
    try:
        record = json.loads(line)
        values = {k: _as_text(v) for k, v in record.items()} if isinstance(record, dict) else None
    except json.JSONDecodeError as error:
        return BadRow(number, f"is not JSON ({error.msg}, character {error.colno})", line)
    except (ValueError, RecursionError):
        return BadRow(number, "is JSON with too large a number or too many brackets", line)
    if values is None:
        return BadRow(number, "is not a JSON object", line)
    return _checked_row(number, values)


def _as_text(value: object) -> str:
    """Give a value as text: nothing for null, JSON for what is neither text nor date."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (bool, int, float, list, dict)):
        value = json.dumps(value, ensure_ascii=False, default=str)
    text = str(value)
    # JSON may escape half of a pair, which no file could take again.
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def _checked_row(number: int, values: dict[str, str]) -> Row | BadRow:
    if any("\0" in value for value in values.values()):
        raw = json.dumps(values, ensure_ascii=False)
        return BadRow(number, "contains a NUL character", raw)
    return Row(number, values)


# --- Parquet -----------------------------------------------------------------------------


def _open_parquet(path: Path, name: str, stack: ExitStack) -> Table:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise DataError("Parquet needs: pip install 'rejectnlp[parquet]'", place=name) from None
    _check_magic(path, name, b"PAR1", "Parquet", stack)
    try:
        file = stack.enter_context(pq.ParquetFile(path))
    except (pa.ArrowException, OSError) as error:
        raise DataError("is damaged Parquet", place=name, remedy="Write it again.") from error
    columns = list(file.schema_arrow.names)
    _check_columns(columns, name)
    return Table(name, columns, _parquet_rows(file, name), [], stack)


def _parquet_rows(file: Any, name: str) -> Iterator[Row | BadRow]:
    import pyarrow as pa

    number = 0
    batches = file.iter_batches(batch_size=1_000)
    while True:
        try:
            batch = next(batches, None)
            records = batch.to_pylist() if batch is not None else None
        except (pa.ArrowException, OSError, ValueError) as error:
            problem = f"is damaged after row {number}"
            raise DataError(problem, place=name, remedy="Write it again.") from error
        if records is None:
            return
        for record in records:
            number += 1
            yield _checked_row(number, {column: _as_text(v) for column, v in record.items()})


def _check_magic(path: Path, name: str, magic: bytes, format_name: str, stack: ExitStack) -> None:
    head = _open_bytes(path, stack).read(64)
    if not head:
        raise DataError("is empty", place=name, remedy="Write it again.")
    if not head.startswith(magic):
        _refuse_binary(head, "", name)
        remedy = "Give it the suffix of what it is, such as .csv."
        raise DataError(f"is not {format_name} but text", place=name, remedy=remedy)


# --- Excel -------------------------------------------------------------------------------


def _open_workbook(path: Path, name: str, stack: ExitStack) -> Table:
    import openpyxl

    _check_magic(path, name, _ZIP, "an Excel workbook", stack)
    _refuse_bomb(path, name)
    with _workbook_faults(name):
        # Given a path, openpyxl would leave the file open when it fails.
        file = stack.enter_context(path.open("rb"))
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        stack.callback(book.close)
        sheets = book.worksheets
    if not sheets:
        raise DataError("has no sheet with cells", place=name, remedy=_AS_CSV)
    with _workbook_faults(name):
        sheets[0].reset_dimensions()
    cells = _sheet_rows(sheets[0], name)
    header = next(cells, None)
    if header is None:
        remedy = "Put the table on the first sheet."
        raise DataError("is empty on its first sheet", place=name, remedy=remedy)
    columns = _name_columns(header)
    _check_columns(columns, name)
    title = _printable(str(sheets[0].title))
    notes = [f"read the first of {len(sheets)} sheets, '{title}'"] if len(sheets) > 1 else []
    return Table(name, columns, _workbook_rows(cells, columns), notes, stack)


def _refuse_bomb(path: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError) as error:
        raise DataError("is a damaged workbook", place=name, remedy=_AS_CSV) from error
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if unpacked > _LARGEST_WORKBOOK or unpacked > _LARGEST_RATIO * max(1, packed):
        problem = (
            f"would unpack to {unpacked / 1e6:,.0f} MB, {unpacked / max(1, packed):,.0f} times"
        )
        raise DataError(
            f"{problem} its size", place=name, remedy="If you trust it, save it as CSV."
        )


@contextmanager
def _workbook_faults(name: str) -> Iterator[None]:
    """Take whatever the parser raises as a damaged file.

    A hostile workbook makes openpyxl raise nearly anything, from KeyError to
    ParseError; its warnings are about looks, which nobody reads here.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (OSError, MemoryError):
        raise
    except Exception as error:
        raise DataError("is a damaged workbook", place=name, remedy=_AS_CSV) from error


def _sheet_rows(sheet: Any, name: str) -> Iterator[list[str]]:
    """Give the rows that hold something, without the empty cells at their ends."""
    # The row limit matters: openpyxl gives an empty row for each number left out.
    rows = filter(None, sheet.iter_rows(max_row=_EXCEL_ROWS, values_only=True))
    while True:
        with _workbook_faults(name):
            cells = next(rows, None)
        if cells is None:
            return
        texts = [_as_seen(cell) for cell in cells[:_EXCEL_COLUMNS]]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            yield texts


def _as_seen(cell: object) -> str:
    """Give a cell as a spreadsheet shows it: 1.0 is 1, midnight is left out."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return f"{cell:.15g}"
    return str(cell).removesuffix(" 00:00:00") if not isinstance(cell, str) else cell


def _workbook_rows(rows: Iterator[list[str]], columns: list[str]) -> Iterator[Row | BadRow]:
    for number, cells in enumerate(rows, start=1):
        if len(cells) > len(columns):
            raw = json.dumps(cells, ensure_ascii=False)
            yield BadRow(number, _uneven(len(cells), len(columns)), raw)
        else:
            cells += [""] * (len(columns) - len(cells))
            yield _checked_row(number, dict(zip(columns, cells, strict=True)))
