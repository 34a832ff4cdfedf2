"""Tables in and out: CSV, TSV, JSONL, Parquet and Excel, one row at a time.

Nothing is dropped silently. A record that cannot be read is a `BadRow` in its place,
and what had to be guessed about a file stands in `Table.assumptions`. A file that is
written gets its name when its last row is written, or never.
"""

from rejectnlp.files.columns import (
    choose_column,
    choose_id_column,
    choose_text_column,
    list_columns,
)
from rejectnlp.files.parts import read_journal, remove_journal, write_journal
from rejectnlp.files.patterns import find_files
from rejectnlp.files.reading import open_table, read_text
from rejectnlp.files.resuming import LongWriter
from rejectnlp.files.tables import BadRow, Row, Table, ToLine
from rejectnlp.files.targets import check_target, is_device
from rejectnlp.files.values import restore_cell
from rejectnlp.files.writing import FORMATS, Writer, open_writer, write_bad_rows, write_text

__all__ = [
    "FORMATS",
    "BadRow",
    "LongWriter",
    "Row",
    "Table",
    "ToLine",
    "Writer",
    "check_target",
    "choose_column",
    "choose_id_column",
    "choose_text_column",
    "find_files",
    "is_device",
    "list_columns",
    "open_table",
    "open_writer",
    "read_journal",
    "read_text",
    "remove_journal",
    "restore_cell",
    "write_bad_rows",
    "write_journal",
    "write_text",
]
