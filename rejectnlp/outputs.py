"""Tables out: rows become CSV, JSONL, Parquet or Excel files, whole or not at all.

A file gets its final name only when its last row is written. Until then it is a
hidden `.part` beside it, which goes away when something fails.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import tempfile
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from rejectnlp.errors import OutputError, UsageError, suggest
from rejectnlp.files import BadRow

FORMATS = ("csv", "tsv", "jsonl", "parquet", "xlsx")
"""Formats that can be written."""

_KEPT_CLEAN = "nothing was written under the final name"
_ROW_GROUP = 10_000  # rows of a Parquet file that are held in memory
_EXCEL_ROWS, _EXCEL_CELL = 1_048_576, 32_767
_CUT = " […] (cut: an Excel cell holds 32,767 characters)"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# A spreadsheet runs a cell that begins so as a formula, and a story may be written to
# do that: fetch a page, start a program. The quote mark makes it text. The full-width
# signs do the same where Japanese or Chinese is typed.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


class _Format(Protocol):
    def write(self, row: Mapping[str, object]) -> None: ...

    def finish(self) -> None: ...

    def abandon(self) -> None: ...


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
        self._numeric = frozenset(numeric)
        self._place = "standard output" if target is None else str(target)
        self._part: Path | None = None

    @property
    def is_nested(self) -> bool:
        """Whether rows may hold lists and mappings: JSONL's do, flat tables' do not."""
        return self._format_name == "jsonl"

    def __enter__(self) -> Writer:
        with ExitStack() as undo, self._explained():
            undo.callback(self._remove_part)
            self._stream = self._open()
            undo.callback(self._close_quietly)
            self._format = self._start()
            undo.pop_all()
        return self

    def write(self, row: Mapping[str, object]) -> None:
        """Write one row; a column that was not declared goes into JSONL only."""
        if self._format_name != "jsonl" and not row.keys() <= set(self._columns):
            problem = f"row {self.n_rows + 1} has a column that the first rows did not have"
            remedy = "Write to .jsonl, which takes any."
            raise OutputError(problem, place=self._place, remedy=remedy)
        with self._explained():
            self._format.write(row)
        self.n_rows += 1

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        with ExitStack() as undo:
            undo.callback(self._remove_part)
            undo.callback(self._close_quietly)
            undo.callback(self._format.abandon)
            if kind is None:
                with self._explained():
                    self._finish()
                undo.pop_all()

    def _finish(self) -> None:
        self._format.finish()
        self._stream.flush()
        if self._target is None:
            return
        if self._part is not None:
            os.fsync(self._stream.fileno())
        self._stream.close()
        if self._part is not None:
            os.replace(self._part, self._target)

    def _open(self) -> BinaryIO:
        if self._target is None:
            sys.stdout.flush()
            return sys.stdout.buffer
        if _is_device(self._target):
            return self._target.open("wb")
        name, folder = self._target.name, self._target.parent
        number, part = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=folder)
        self._part = Path(part)
        return os.fdopen(number, "wb")

    def _start(self) -> _Format:
        if self._format_name == "parquet":
            return _Parquet(self._stream, self._columns, self._numeric)
        if self._format_name == "xlsx":
            return _Workbook(self._stream, self._columns, self._place)
        if self._format_name == "jsonl":
            return _Jsonl(self._stream)
        return _Csv(self._stream, self._columns, "\t" if self._format_name == "tsv" else ",")

    def _close_quietly(self) -> None:
        if self._target is not None:
            with suppress(OSError):
                self._stream.close()

    def _remove_part(self) -> None:
        if self._part is not None:
            self._part.unlink(missing_ok=True)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise  # The reader of our pipe has seen enough: no fault of the output.
        except OSError as error:
            reason = error.strerror or type(error).__name__
            kept = _KEPT_CLEAN if self._target else "the output is not complete"
            problem = f"could not be written ({reason}); {kept}"
            raise OutputError(problem, place=self._place) from error


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
    leading `'`. JSONL and Parquet hold texts unchanged, but for halves of surrogate
    pairs, which become U+FFFD everywhere.

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
    if out is None:
        return Writer(None, format_name, columns, numeric)
    target = Path(os.path.realpath(out))
    _check_target(target, str(out), force, inputs)
    return Writer(target, format_name, columns, numeric)


def write_text(path: Path, text: str, *, force: bool = False) -> None:
    """Write a text file whole or not at all.

    Examples
    --------
    >>> path = Path(tempfile.mkdtemp(), "scores.json")
    >>> write_text(path, "{}")
    >>> path.read_text()
    '{}'
    """
    target = Path(os.path.realpath(path))
    _check_target(target, str(path), force, ())
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, target)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(f"could not be written ({reason})", place=str(path)) from error
    finally:
        part.unlink(missing_ok=True)


def write_bad_rows(path: Path, bad_rows: Iterable[BadRow], *, force: bool = False) -> int:
    """Write the rows set aside as CSV (row, reason, raw); give their number.

    Examples
    --------
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
    suffix = {"ndjson": "jsonl"}.get(out.suffix.lower()[1:], out.suffix.lower()[1:])
    if wanted is None and suffix not in FORMATS:
        remedy = f"Let it end in one of {known}, or use --format."
        raise UsageError("has a suffix that says no format", place=out.name, remedy=remedy)
    return wanted or suffix


def _check_target(target: Path, place: str, force: bool, inputs: Sequence[Path]) -> None:
    if target.is_dir():
        raise OutputError("is a folder", place=place, remedy="Name a file in it.")
    if not target.parent.is_dir():
        raise OutputError("its folder does not exist", place=place, remedy="Make it first.")
    if _is_device(target):
        return
    if any(_is_same(target, path) for path in inputs):
        raise OutputError("is read as input", place=place, remedy="Use another --out.")
    if target.exists() and not force:
        remedy = "Use --force to overwrite it, or another --out."
        raise OutputError("exists already", place=place, remedy=remedy)
    if not os.access(target.parent, os.W_OK | os.X_OK):
        remedy = "Use another --out."
        raise OutputError("its folder may not be written to", place=place, remedy=remedy)


def _is_device(target: Path) -> bool:
    # Renaming a file over /dev/full would put a plain file in the device's place.
    return target.exists() and not target.is_file()


def _is_same(target: Path, source: Path) -> bool:
    try:
        return os.path.samefile(target, source)
    except OSError:
        return os.path.realpath(source) == str(target)


# --- values ------------------------------------------------------------------------------


def _clean(text: str) -> str:
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def _plain(value: object) -> object:
    """Give a value as JSON can hold it: no lone surrogates, no NaN, six digits."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_clean(str(key)): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def _as_text(value: object) -> str:
    """Give a value as the text of a flat cell."""
    if isinstance(value, str):
        return _clean(value)
    value = _plain(value)
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _disarm(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


# --- formats -----------------------------------------------------------------------------


class _Jsonl:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, row: Mapping[str, object]) -> None:
        line = json.dumps(_plain(row), ensure_ascii=False)
        self._stream.write(f"{line}\n".encode())

    def finish(self) -> None:
        pass

    def abandon(self) -> None:
        pass


class _Csv(_Jsonl):
    """Lines are put together by hand: `csv.writer` leaves a lone CR without quotes."""

    def __init__(self, stream: BinaryIO, columns: Sequence[str], delimiter: str) -> None:
        super().__init__(stream)
        self._columns = columns
        self._delimiter = delimiter
        self._special = re.compile(f'[{delimiter}"\r\n]')
        self._write_cells([_disarm(_clean(column)) for column in columns])

    def write(self, row: Mapping[str, object]) -> None:
        values = [row.get(column) for column in self._columns]
        cells = [_disarm(_as_text(v)) if isinstance(v, str) else _as_text(v) for v in values]
        self._write_cells(cells)

    def _write_cells(self, cells: Sequence[str]) -> None:
        line = self._delimiter.join(map(self._quote, cells))
        # A line of blanks would be skipped when read again.
        line = line if line.strip(" ") else f'"{line}"'
        self._stream.write(f"{line}\n".encode())

    def _quote(self, cell: str) -> str:
        cell = cell.replace("\0", "\ufffd")
        if not self._special.search(cell):
            return cell
        doubled = cell.replace('"', '""')
        return f'"{doubled}"'


class _Workbook:
    """Excel in openpyxl's write-only mode, which keeps one row in memory."""

    def __init__(self, stream: BinaryIO, columns: Sequence[str], place: str) -> None:
        import openpyxl

        self._stream = stream
        self._columns = columns
        self._place = place
        self._n_rows = 0
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet: Any = self._book.create_sheet("accounts")
        self._append(list(columns))

    def write(self, row: Mapping[str, object]) -> None:
        self._append([row.get(column) for column in self._columns])

    def _append(self, values: Sequence[object]) -> None:
        if self._n_rows >= _EXCEL_ROWS:
            problem = f"an Excel sheet holds {_EXCEL_ROWS:,} rows; {_KEPT_CLEAN}"
            raise OutputError(problem, place=self._place, remedy="Write to .csv or .jsonl.")
        self._sheet.append([self._cell(value) for value in values])
        self._n_rows += 1

    def _cell(self, value: object) -> Any:
        from openpyxl.cell import WriteOnlyCell

        if isinstance(value, (bool, int)):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else None
        text = _NOT_IN_XML.sub("\ufffd", _disarm(_as_text(value)))
        if len(text) > _EXCEL_CELL:
            # openpyxl would cut it without a word.
            text = text[: _EXCEL_CELL - len(_CUT)] + _CUT
        cell = WriteOnlyCell(self._sheet, text)
        cell.data_type = "s"
        return cell if text else None

    def finish(self) -> None:
        from openpyxl.writer.excel import ExcelWriter

        # Workbook.save would leave its archive open on a full disk, to fail once more later.
        with zipfile.ZipFile(self._stream, "w", zipfile.ZIP_DEFLATED) as archive:
            ExcelWriter(self._book, archive).save()

    def abandon(self) -> None:
        """Close and remove the sheet that openpyxl keeps among the temporary files."""
        with suppress(Exception):
            self._sheet.close()
        with suppress(Exception):
            self._sheet._writer.cleanup()


class _Parquet:
    def __init__(self, stream: BinaryIO, columns: Sequence[str], numeric: Collection[str]) -> None:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            raise OutputError("Parquet needs: pip install 'rejectnlp[parquet]'") from None
        fields = [(_clean(c), pa.float64() if c in numeric else pa.string()) for c in columns]
        self._columns = columns
        self._numeric = numeric
        self._table_of = pa.Table.from_arrays
        self._array = pa.array
        self._schema = pa.schema(fields)
        self._writer = pq.ParquetWriter(stream, self._schema)
        self._rows: list[Mapping[str, object]] = []

    def write(self, row: Mapping[str, object]) -> None:
        self._rows.append(dict(row))
        if len(self._rows) >= _ROW_GROUP:
            self._write_group()

    def _write_group(self) -> None:
        arrays = [
            self._array([self._cell(row.get(column), column) for row in self._rows], field.type)
            for column, field in zip(self._columns, self._schema, strict=True)
        ]
        self._writer.write_table(self._table_of(arrays, schema=self._schema))
        self._rows.clear()

    def _cell(self, value: object, column: str) -> object:
        if value is None or column not in self._numeric:
            return None if value is None else _as_text(value)
        return float(value)  # type: ignore[arg-type]  # declared as a number by the caller

    def finish(self) -> None:
        if self._rows:
            self._write_group()
        self._writer.close()

    def abandon(self) -> None:
        """Close now, or pyarrow would write its footer whenever it is collected."""
        with suppress(Exception):
            self._writer.close()
