"""What stands in a cell: values as text, on their way in and out."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# A spreadsheet runs a cell that begins so as a formula, and a story may be written to
# do that: fetch a page, start a program. The quote mark makes it text. The full-width
# signs do the same where Japanese or Chinese is typed.
_FORMULA = re.compile("'*[-=+@\t\r\n＝＋－＠]")


def clean(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON may escape and no file can hold."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def printable(text: str, longest: int = 60) -> str:
    """Give a text fit for a message.

    A file without a header shows a story where names belong, and a name may hold escapes.
    """
    shown = "".join(c if c.isprintable() else "?" for c in text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def text_of(value: object) -> str:
    """Give a value as text: nothing for None, JSON for what is neither text nor date.

    Examples
    --------
    >>> [text_of(value) for value in ("a", None, True, [1, "é"])]
    ['a', '', 'true', '[1, "é"]']
    """
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (bool, int, float, list, dict)):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return clean(str(value))


def plain(value: object) -> object:
    """Give a value as JSON can hold it: floats with six digits, no NaN."""
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


def cell_of(value: object) -> str:
    """Give a value as the text of a spreadsheet's cell, which runs no formula.

    Examples
    --------
    >>> [cell_of(value) for value in ("=1+1", -0.5)]
    ["'=1+1", '-0.5']
    """
    if isinstance(value, float):  # Nearly all cells of a tagged file: worth the short way.
        return float.__repr__(round(value, 6)) if math.isfinite(value) else ""
    text = clean(value) if type(value) is str else text_of(plain(value))
    is_risky = _FORMULA.match(text) and not isinstance(value, int)
    return f"'{text}" if is_risky else text


def restore_cell(cell: str) -> str:
    """Give the text that `cell_of` made a spreadsheet's cell of.

    A text that had such a quote mark of its own got one more, so none is lost.

    Examples
    --------
    >>> [restore_cell(cell) for cell in ("'=1+1", "''=1", "'tis", "-0.5")]
    ['=1+1', "'=1", "'tis", '-0.5']
    """
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell
