"""Rows and texts become files, whole or not at all.

A file gets its final name only when its last row is written. Until then it is a
hidden `.part` beside it, which goes away when something fails.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from rejectnlp.errors import OutputError, UsageError, suggest
from rejectnlp.files.delimited import DelimitedFormat
from rejectnlp.files.excel import WorkbookFormat
from rejectnlp.files.jsonl import JsonlFormat
from rejectnlp.files.parquet import ParquetFormat
from rejectnlp.files.tables import BadRow, RowFormat
from rejectnlp.files.targets import check_target, explained, open_target

FORMATS = ("csv", "tsv", "jsonl", "parquet", "xlsx")
"""Formats that can be written."""


class Writer:
    """Rows on their way into one file; a context manager made by `open_writer`."""

    def __init__(
        self,
        target: Path | None,
        format_name: str,
        columns: Sequence[str],
        numeric: Collection[str],
    ) -> None:
        self.n_rows = 0
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
            self._format = stack.enter_context(_finished(self._start(stream)))
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

    def _start(self, stream: BinaryIO) -> RowFormat:
        if self._format_name == "parquet":
            return ParquetFormat(stream, self._columns, self._numeric)
        if self._format_name == "xlsx":
            return WorkbookFormat(stream, self._columns)
        if self._format_name == "jsonl":
            return JsonlFormat(stream)
        return DelimitedFormat(stream, self._columns, "\t" if self._format_name == "tsv" else ",")


@contextmanager
def _finished(rows: RowFormat) -> Iterator[RowFormat]:
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
        Target; None is standard output.
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
    format_name = _choose_format(out, format)
    target = check_target(out, force, inputs) if out else None
    return Writer(target, format_name, columns, numeric)


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


def _choose_format(out: Path | None, wanted: str | None) -> str:
    known = ", ".join(FORMATS)
    if wanted is not None and wanted not in FORMATS:
        remedy = f"{suggest(wanted, FORMATS)}Known are {known}."
        raise UsageError(f"no format {wanted!r}", remedy=remedy)
    if out is None:
        if wanted in ("parquet", "xlsx"):
            problem = f"{wanted} cannot go to standard output"
            raise UsageError(problem, remedy="Name a file with --out.")
        return wanted or "jsonl"
    suffix = out.suffix.lower()[1:].replace("ndjson", "jsonl")
    if wanted is None and suffix not in FORMATS:
        remedy = f"Let it end in one of {known}, or use --format."
        raise UsageError("has a suffix that says no format", place=out.name, remedy=remedy)
    return wanted or suffix
