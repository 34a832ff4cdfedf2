"""Excel workbooks, by openpyxl, which is loaded when a file needs it."""

from __future__ import annotations

import io
import json
import math
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import zip_longest
from typing import Any, BinaryIO

from rejectnlp.errors import DataError, OutputError
from rejectnlp.files.columns import name_columns
from rejectnlp.files.sources import AS_CSV
from rejectnlp.files.tables import BadRow, Contents, Row, RowFormat, make_row, say_uneven
from rejectnlp.files.values import cell_of, printable

_MOST_ROWS = 1_048_576
_LONGEST_CELL = 32_767
_CUT = " […] (cut: an Excel cell holds 32,767 characters)"
_LARGEST_WORKBOOK = 500_000_000  # bytes when unpacked; shared strings are held in memory
_LARGEST_RATIO = 200  # real workbooks shrink 5 to 20 times
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def read_workbook(stream: io.BufferedIOBase, stack: ExitStack) -> Contents:
    """Read the first sheet of a workbook."""
    import openpyxl

    with _faults_explained():
        _refuse_bomb(stream)
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        stack.callback(book.close)
        sheet, *others = book.worksheets
        sheet.reset_dimensions()
    rows = _read_rows(sheet)
    header = next(rows, None)
    if header is None:
        raise DataError("is empty on its first sheet", remedy="Put the table on the first sheet.")
    columns = name_columns(header)
    title = printable(str(sheet.title))
    notes = [f"read the first of {len(others) + 1} sheets, '{title}'"] if others else []
    numbered = (_make_row(number, cells, columns) for number, cells in enumerate(rows, start=1))
    return Contents(columns, numbered, notes)


@contextmanager
def _faults_explained() -> Iterator[None]:
    """Take whatever the parser raises as a damaged file.

    A hostile workbook makes openpyxl raise nearly anything, from KeyError to
    ParseError; its warnings are about looks, which nobody reads here.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (OSError, MemoryError, DataError):
        raise
    except Exception as error:
        raise DataError("is a damaged workbook", remedy=AS_CSV) from error


def _refuse_bomb(stream: io.BufferedIOBase) -> None:
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    ratio = unpacked / max(1, sum(member.compress_size for member in members))
    if unpacked > _LARGEST_WORKBOOK or ratio > _LARGEST_RATIO:
        problem = f"would unpack to {unpacked / 1e6:,.0f} MB, {ratio:,.0f} times its size"
        raise DataError(problem, remedy="If you trust it, save it as CSV.")


def _read_rows(sheet: Any) -> Iterator[list[str]]:
    """Give the rows that hold something, without the empty cells at their ends."""
    # The row limit matters: openpyxl gives an empty row for each number left out.
    rows = filter(None, sheet.iter_rows(max_row=_MOST_ROWS, values_only=True))
    while True:
        with _faults_explained():
            cells = next(rows, None)
        if cells is None:
            return
        # A cell in the last column makes a row of 16,384, most often empty.
        texts = ["" if cell is None else _as_seen(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            yield texts


def _as_seen(cell: object) -> str:
    """Give a cell as a spreadsheet shows it: 1.0 is 1, midnight is left out."""
    if cell is None or isinstance(cell, str):
        return cell or ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return f"{cell:.15g}"
    return str(cell).removesuffix(" 00:00:00")


def _make_row(number: int, cells: list[str], columns: list[str]) -> Row | BadRow:
    if len(cells) > len(columns):
        raw = json.dumps(list(filter(None, cells)), ensure_ascii=False)
        return BadRow(number, say_uneven(len(cells), len(columns)), raw)
    return make_row(number, dict(zip_longest(columns, cells, fillvalue="")))


def refuse_overfull(n_rows: int) -> None:
    """Refuse one more row, the header counted, where a sheet can take no more."""
    if n_rows >= _MOST_ROWS:
        problem = f"an Excel sheet holds {_MOST_ROWS:,} rows"
        raise OutputError(problem, remedy="Write to .csv or .jsonl.")


class WorkbookFormat(RowFormat):
    """One sheet in openpyxl's write-only mode, which keeps one row in memory."""

    def __init__(self, stream: BinaryIO, columns: Sequence[str]) -> None:
        import openpyxl

        self._stream = stream
        self._columns = columns
        self._n_rows = 0
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet: Any = self._book.create_sheet("accounts")
        self.write(dict(zip(columns, columns, strict=True)))

    def write(self, row: Mapping[str, object]) -> None:
        """Write one row, if the sheet has room for it."""
        refuse_overfull(self._n_rows)
        self._sheet.append([self._cell(row.get(column)) for column in self._columns])
        self._n_rows += 1

    def _cell(self, value: object) -> Any:
        from openpyxl.cell import WriteOnlyCell

        if isinstance(value, int):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else None
        text = _NOT_IN_XML.sub("\ufffd", cell_of(value))
        if len(text) > _LONGEST_CELL:
            # openpyxl would cut it without a word.
            text = text[: _LONGEST_CELL - len(_CUT)] + _CUT
        cell = WriteOnlyCell(self._sheet, text)
        cell.data_type = "s"
        return cell if text else None

    def finish(self) -> None:
        """Pack the workbook."""
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
