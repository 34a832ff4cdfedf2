"""Parquet, by pyarrow, which is loaded when a file needs it."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any, BinaryIO

from rejectnlp.errors import DataError, OutputError, RejectNLPError
from rejectnlp.files.tables import BadRow, Contents, Row, RowFormat, make_row
from rejectnlp.files.values import clean, plain, text_of

_BATCH = 16  # rows held in memory: a file of 1 kB can hold the same 2 MB in every one of them
_ROW_GROUP = 10_000  # and while writing


def load_pyarrow(error: type[RejectNLPError]) -> tuple[Any, Any]:
    """Give pyarrow and its Parquet, or say in an error of this type what to install."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise error("Parquet needs: pip install 'rejectnlp[parquet]'") from None
    return pyarrow, pyarrow.parquet


def read_parquet(stream: io.BufferedIOBase, stack: ExitStack) -> Contents:
    """Read a Parquet file, whose values become text."""
    pa, pq = load_pyarrow(DataError)
    try:
        file = stack.enter_context(pq.ParquetFile(stream))
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise DataError("is damaged Parquet", remedy="Write it again.") from error
    return Contents(list(file.schema_arrow.names), _read_rows(file, pa), [])


def _read_rows(file: Any, pa: Any) -> Iterator[Row | BadRow]:
    number = 0
    try:
        for batch in file.iter_batches(batch_size=_BATCH):
            for record in batch.to_pylist():
                number += 1
                yield make_row(number, {column: text_of(v) for column, v in record.items()})
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"is damaged after row {number}", remedy="Write it again.") from error


class ParquetFormat(RowFormat):
    """Groups of rows; declared numbers are kept as such, all else is text."""

    def __init__(self, stream: BinaryIO, columns: Sequence[str], numeric: Collection[str]) -> None:
        self._pa, pq = load_pyarrow(OutputError)
        kinds = [self._pa.float64() if c in numeric else self._pa.string() for c in columns]
        self._columns = columns
        self._numeric = numeric
        self._schema = self._pa.schema(list(zip(map(clean, columns), kinds, strict=True)))
        self._writer = pq.ParquetWriter(stream, self._schema)
        self._rows: list[Mapping[str, object]] = []

    def write(self, row: Mapping[str, object]) -> None:
        """Take one row; some thousands are written together."""
        self._rows.append(dict(row))
        if len(self._rows) >= _ROW_GROUP:
            self._write_group()

    def _write_group(self) -> None:
        arrays = [
            self._pa.array([self._cell(row.get(column), column) for row in self._rows], field.type)
            for column, field in zip(self._columns, self._schema, strict=True)
        ]
        self._writer.write_table(self._pa.Table.from_arrays(arrays, schema=self._schema))
        self._rows.clear()

    def _cell(self, value: object, column: str) -> object:
        is_kept = value is None or column in self._numeric
        return value if is_kept else text_of(plain(value))

    def finish(self) -> None:
        """Write the rows at hand and the footer."""
        if self._rows:
            self._write_group()
        self._writer.close()

    def abandon(self) -> None:
        """Close now, or pyarrow would write its footer whenever it is collected."""
        with suppress(Exception):
            self._writer.close()
