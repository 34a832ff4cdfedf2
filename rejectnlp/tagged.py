"""Tagged files read back: what `rejectnlp predict` wrote, as columns."""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.errors import DataError, UsageError, suggest
from rejectnlp.files import BadRow, Table, open_table, restore_cell

_PREFIX = "p_"
_SHORT = 50  # characters of a value, such as a region's name, that is likely to come again
LABEL_COLUMNS = ("checked", "labels", "label", "causes", "cause")
"""Columns taken for a person's answers when none is named, in this order."""


@dataclass(frozen=True)
class Tagged:
    """A tagged file.

    Parameters
    ----------
    ids
        Of the n accounts.
    causes
        Ids of the k causes, in the file's order.
    probabilities
        Shape (n, k).
    named
        Whether each cause was named, shape (n, k).
    columns
        The kept columns asked for, n values each.
    """

    ids: list[str]
    causes: tuple[str, ...]
    probabilities: NDArray[np.float64]
    named: NDArray[np.bool_]
    columns: Mapping[str, list[str]]


def read_tagged(source: Path, keep: Sequence[str] = ()) -> Tagged:
    """Read a file that `rejectnlp predict` wrote, CSV, JSONL, Parquet or XLSX.

    Raises
    ------
    DataError, UsageError
        If the file is not tagged, a row is broken, or a column to keep is missing.
    """
    ids: list[str] = []
    # Flat, for a list of lists of numbers is five times as large.
    numbers, named = array("d"), bytearray()
    columns: dict[str, list[str]] = {name: [] for name in keep}
    with open_table(source) as table:
        causes = tuple(c.removeprefix(_PREFIX) for c in table.columns if c.startswith(_PREFIX))
        is_nested = not causes and "probabilities" in table.columns
        if "causes" not in table.columns or not (causes or is_nested):
            raise DataError(
                "is not a tagged file: it lacks the columns `causes` and `p_...`",
                place=table.name,
                remedy="Tag it first: rejectnlp predict FILE --out TAGGED.csv",
            )
        for name in keep:
            if name not in table.columns:
                remedy = f"{suggest(name, table.columns)}Keep it while tagging: predict --keep."
                raise UsageError(f"{table.name}: no column '{name}'", remedy=remedy)
        for number, values in enumerate(_good_rows(table), 1):
            try:
                own = _read_numbers(values, causes, is_nested)
                causes = causes or tuple(own)
                numbers.extend([own[cause] for cause in causes])
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
                place = f"{table.name}, row {number}"
                raise DataError("has no probability where one belongs", place=place) from error
            ids.append(restore_cell(values.get("id", str(number))))
            tags = set(split_labels(values.get("causes", "")))
            named.extend([cause in tags for cause in causes])
            for name in keep:
                value = values.get(name, "")
                columns[name].append(sys.intern(value) if len(value) < _SHORT else value)
    if not ids:
        raise DataError("has no rows", place=str(source))
    return Tagged(
        ids,
        causes,
        np.frombuffer(numbers).reshape(len(ids), -1),
        np.frombuffer(named, dtype=np.bool_).reshape(len(ids), -1),
        columns,
    )


def _read_numbers(
    values: Mapping[str, str], causes: Sequence[str], is_nested: bool
) -> dict[str, float]:
    if is_nested:
        numbers = {c: float(p) for c, p in json.loads(values["probabilities"]).items()}
    else:
        numbers = {cause: float(values[_PREFIX + cause]) for cause in causes}
    if not all(0 <= p <= 1 for p in numbers.values()):
        raise ValueError("probability")
    return numbers


def split_labels(cell: str) -> list[str]:
    """Give the labels of a cell: separated by semicolons, or a JSON list.

    Examples
    --------
    >>> split_labels("skills_gap; undersold"), split_labels('["follow_up"]'), split_labels("")
    (['skills_gap', 'undersold'], ['follow_up'], [])
    """
    if cell.startswith("["):
        with suppress(ValueError, RecursionError):
            return [str(label) for label in json.loads(cell)]
    return [label.strip() for label in cell.split(";") if label.strip()]


def read_checked(source: Path, codebook: Codebook) -> dict[str, frozenset[str]]:
    """Read a person's answers: id to causes, none for `unexplained`; unanswered rows left out.

    Raises
    ------
    DataError
        If there is no column of answers, an answer is not in the codebook, or an id comes twice.
    """
    checked: dict[str, frozenset[str]] = {}
    with open_table(source) as table:
        column = next((name for name in LABEL_COLUMNS if name in table.columns), None)
        if column is None or "id" not in table.columns:
            raise DataError(
                "needs the columns `id` and `checked`",
                place=table.name,
                remedy="`rejectnlp sample` makes such a file.",
            )
        for row in _good_rows(table):
            labels = split_labels(row.get(column, ""))
            if not labels:
                continue
            place = f"{table.name}, id {row['id'][:40]}"
            if problem := codebook.check(labels):
                raise DataError(problem, place=place)
            own_id = restore_cell(row["id"])
            if own_id in checked:
                raise DataError("this id comes twice", place=place)
            checked[own_id] = frozenset(labels) - {UNEXPLAINED}
    return checked


def _good_rows(table: Table) -> Iterator[dict[str, str]]:
    for row in table:
        if isinstance(row, BadRow):
            raise DataError(row.reason, place=f"{table.name}, row {row.number}")
        yield row.values
