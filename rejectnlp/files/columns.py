"""Which column holds what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rejectnlp.errors import DataError, UsageError, suggest
from rejectnlp.files.values import printable

TEXT_COLUMNS = (
    *("text", "story", "account", "comment", "review"),
    *("body", "answer", "feedback", "description", "message"),
)
"""Columns taken for the text when none is named, in this order."""


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
        if len(columns[0].split()) > 4:
            raise UsageError(
                "the first line does not look like the name of a column",
                remedy="Put a header above it, such as text, or its account would be lost.",
            )
        return columns[0]
    problem = f"which column holds {what}? Columns: {list_columns(columns)}; use {option}"
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
    remedy = f"{suggest(wanted, columns)}Columns: {list_columns(columns)}."
    raise UsageError(f"no column {printable(wanted)!r}", remedy=remedy)


def name_columns(header: Sequence[str]) -> list[str]:
    """Give the names of a header; a column without one is named by its place."""
    names = [column.replace("\ufeff", "").strip() for column in header]
    return [column or f"column {n}" for n, column in enumerate(names, start=1)]


def check_columns(columns: Sequence[str]) -> None:
    """Refuse columns of the same name."""
    twice = [column for column, n in Counter(columns).items() if n > 1]
    if twice:
        shown = ", ".join(_shown(column, columns.index(column) + 1) for column in twice[:20])
        problem = f"has columns of the same name: {shown}"
        raise DataError(problem, remedy="Rename them in the header.")


def list_columns(columns: Sequence[str]) -> str:
    """Name columns in a message: not all of very many, and none that is long.

    Where the header is missing, a story stands in its place.

    Examples
    --------
    >>> list_columns(["id", "A story that stands where a header belongs."])
    'id, column 2 (text of 43 characters)'
    """
    more = f", and {len(columns) - 20} more" if len(columns) > 20 else ""
    return ", ".join(map(_shown, columns[:20], range(1, 21))) + more


def _shown(column: str, number: int) -> str:
    if len(column) > 40 or len(column.split()) > 4:
        return f"column {number} (text of {len(column):,} characters)"
    return printable(column)
