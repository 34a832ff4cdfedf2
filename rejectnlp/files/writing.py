"""Rows and texts become files, whole or not at all.

A file gets its final name only when its last row is written. Until then it is a
hidden `.part` beside it, which goes away when something fails.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from rejectnlp.errors import OutputError, UsageError, suggest
from rejectnlp.files.delimited import DelimitedFormat
from rejectnlp.files.excel import WorkbookFormat
from rejectnlp.files.jsonl import make_json_line
from rejectnlp.files.parquet import ParquetFormat
from rejectnlp.files.tables import BadRow, LineFormat, RowFormat, ToLine
from rejectnlp.files.targets import check_target, explained, open_target, pack

FORMATS = ("csv", "tsv", "jsonl", "parquet", "xlsx")
"""Formats that can be written."""


class Writer:
    """Rows on their way into one file; a context manager made by `open_writer`.

    It takes what a `LongWriter` takes, but there is never anything to go on with.
    """

    found = ""
    is_written = False

    def __init__(
        self,
        target: Path | None,
        format_name: str,
        columns: Sequence[str],
        numeric: Collection[str],
        *,
        is_packed: bool = False,
    ) -> None:
        self.n_rows = 0
        self.state: dict[str, Any] = {}
        self._is_packed = is_packed
        self._target = target
        self._format_name = format_name
        self._columns = tuple(columns)
        self._declared = frozenset(columns)
        self._numeric = frozenset(numeric)

    @property
    def is_nested(self) -> bool:
        """Whether rows may hold lists and mappings: JSONL's do, flat tables' do not."""
        return self._format_name == "jsonl"

    def __enter__(self) -> Writer:
        with explained(self._target), ExitStack() as stack:
            stream = stack.enter_context(open_target(self._target))
            if self._is_packed:
                stream = stack.enter_context(pack(stream))
            chosen = make_format(stream, self._format_name, self._columns, self._numeric)
            self._format = stack.enter_context(finished(chosen))
            self._closing = stack.pop_all()
        return self

    def write(self, row: Mapping[str, object]) -> None:
        """Write one row; a column that was not declared goes into JSONL only."""
        with explained(self._target):
            if not self.is_nested and not row.keys() <= self._declared:
                problem = f"row {self.n_rows + 1} has a column that the first rows did not have"
                raise OutputError(problem, remedy="Write to .jsonl, which takes any.")
            self._format.write(row)
        self.n_rows += 1

    @property
    def to_line(self) -> ToLine | None:
        """What makes the line of a row, for `write_lines`; None where rows are no lines."""
        return self._format.to_line

    def write_lines(self, lines: bytes, n_rows: int) -> None:
        """Write rows that `to_line` made lines of."""
        with explained(self._target):
            self._format.write_lines(lines)
        self.n_rows += n_rows

    def set_aside(self, row: Mapping[str, object]) -> None:
        """Leave a row out: there is no second place."""

    def checkpoint(self, state: Mapping[str, Any]) -> None:
        """Keep no journal."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            with explained(self._target):
                self._closing.close()
        else:
            self._closing.__exit__(kind, error, trace)


def make_format(
    stream: BinaryIO, format_name: str, columns: Sequence[str], numeric: Collection[str]
) -> RowFormat:
    """Begin a table of one of `FORMATS` in a stream."""
    if format_name == "parquet":
        return ParquetFormat(stream, columns, numeric)
    if format_name == "xlsx":
        return WorkbookFormat(stream, columns)
    if format_name == "jsonl":
        return LineFormat(stream, make_json_line)
    return DelimitedFormat(stream, columns, "\t" if format_name == "tsv" else ",")


@contextmanager
def finished(rows: RowFormat) -> Iterator[RowFormat]:
    """Finish a table when all went well, else let go of it."""
    try:
        yield rows
        rows.finish()
    except BaseException:
        rows.abandon()
        raise


def open_writer(
    out: Path | None,
    format: str | None,  # noqa: A002 (the option's name)
    *,
    columns: Sequence[str],
    force: bool = False,
    inputs: Sequence[Path] = (),
    numeric: Collection[str] = (),
) -> Writer:
    r"""Check where a table should go, before any work is done for it.

    The file is made beside its target, readable by its owner alone, and stays so:
    it holds people's stories. A link is followed; a device such as `/dev/null` is
    written to as it is. `BrokenPipeError` is passed on to the caller.

    In CSV, TSV and Excel, texts that a spreadsheet would run as a formula get a
    leading `'`, which `restore_cell` takes off again. JSONL and Parquet hold texts
    unchanged, but for halves of surrogate pairs, which become U+FFFD everywhere.

    Parameters
    ----------
    out
        Target, packed if its name ends in `.gz`; None is standard output.
    format
        One of `FORMATS`; None follows the suffix, or is `jsonl` on standard output.
    columns
        Columns in their order. JSONL writes each row as it comes.
    force
        Overwrite a file that stands there.
    inputs
        Files that are read meanwhile, none of which may be the target.
    numeric
        Columns that Parquet keeps as numbers; all others are text.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "tagged.csv")
    >>> with open_writer(path, None, columns=["id", "p"]) as writer:
    ...     writer.write({"id": "a1", "p": 0.25})
    >>> path.read_text()
    'id,p\na1,0.25\n'
    >>> open_writer(path, None, columns=["id", "p"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    rejectnlp.errors.OutputError: ...tagged.csv: exists already. Use --force to overwrite ...
    """
    format_name, is_packed = choose_format(out, format)
    target = check_target(out, force, inputs) if out else None
    return Writer(target, format_name, columns, numeric, is_packed=is_packed)


def write_text(path: Path, text: str, *, force: bool = False) -> None:
    """Write a text file whole or not at all, readable by its owner alone.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "scores.json")
    >>> write_text(path, "{}")
    >>> path.read_text()
    '{}'
    """
    target = check_target(path, force)
    with explained(target), open_target(target) as stream:
        stream.write(text.encode())


def write_bad_rows(path: Path, bad_rows: Iterable[BadRow], *, force: bool = False) -> int:
    """Write the rows set aside as CSV (row, reason, raw); give their number.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "tagged.bad.csv")
    >>> write_bad_rows(path, [BadRow(3, "has 1 field, the header has 2", "oh")])
    1
    >>> print(path.read_text(), end="")
    row,reason,raw
    3,"has 1 field, the header has 2",oh
    """
    with open_writer(path, "csv", columns=("row", "reason", "raw"), force=force) as writer:
        for bad in bad_rows:
            writer.write({"row": bad.number, "reason": bad.reason, "raw": bad.raw})
    return writer.n_rows


def choose_format(out: Path | None, wanted: str | None) -> tuple[str, bool]:
    """Choose the format of a table, and whether it is packed by gzip.

    Raises
    ------
    UsageError
        If there is no such format, or it cannot go there.

    Examples
    --------
    >>> choose_format(Path("tagged.csv.gz"), None)
    ('csv', True)
    """
    known = ", ".join(FORMATS)
    if wanted is not None and wanted not in FORMATS:
        remedy = f"{suggest(wanted, FORMATS)}Known are {known}."
        raise UsageError(f"no format {wanted!r}", remedy=remedy)
    if out is None:
        if wanted in ("parquet", "xlsx"):
            problem = f"{wanted} cannot go to standard output"
            raise UsageError(problem, remedy="Name a file with --out.")
        return wanted or "jsonl", False
    is_packed = out.suffix.lower() == ".gz"
    inner = Path(out.stem) if is_packed else out
    chosen = wanted or inner.suffix.lower()[1:].replace("ndjson", "jsonl")
    if chosen not in FORMATS:
        remedy = f"Let it end in one of {known}, or use --format."
        raise UsageError("has a suffix that says no format", place=out.name, remedy=remedy)
    if is_packed and chosen in ("parquet", "xlsx"):
        remedy = "Leave the .gz out: it is packed already."
        raise UsageError(f"{chosen} is not packed once more", place=out.name, remedy=remedy)
    return chosen, is_packed
