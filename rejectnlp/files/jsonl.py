"""JSON Lines: an object a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain, islice

from rejectnlp.errors import DataError
from rejectnlp.files.encodings import Lines
from rejectnlp.files.tables import BadRow, Contents, Row, make_row
from rejectnlp.files.values import clean, plain, text_of

_MOST_EARLY_FAULTS = 1_000  # lines that may fail before the first object


def read_jsonl(lines: Lines, sample: str) -> Contents:
    """Read objects, the first of which names the columns; later ones may have more."""
    remedy = "Write one object a line: jq -c '.[]' FILE > FILE.jsonl"
    if sample.lstrip().startswith("["):
        raise DataError("is one JSON array, not an object a line", remedy=remedy)
    filled = (line.rstrip("\r\n") for line in lines if line.strip())
    rows = (_make_row(number, line) for number, line in enumerate(filled, start=1))
    early: list[Row | BadRow] = []
    for row in islice(rows, _MOST_EARLY_FAULTS):
        early.append(row)
        if isinstance(row, Row):
            return Contents(list(row.values), chain(early, rows), [])
    raise DataError("has no line that is a JSON object", remedy=remedy)


def _make_row(number: int, line: str) -> Row | BadRow:
    try:
        record = json.loads(line)
        if not isinstance(record, dict):
            return BadRow(number, "is not a JSON object", line)
        return make_row(number, {key: text_of(value) for key, value in record.items()})
    except json.JSONDecodeError as error:
        return BadRow(number, f"is not JSON ({error.msg}, character {error.colno})", line)
    except (ValueError, RecursionError):
        return BadRow(number, "is JSON with too large a number or too many brackets", line)


def make_json_line(row: Mapping[str, object]) -> bytes:
    """Give a row as it comes, lists and undeclared columns included."""
    line = clean(json.dumps(plain(row), ensure_ascii=False))
    return f"{line}\n".encode()
