"""What is done to a text before its words are counted: the same in training and prediction."""

from __future__ import annotations

WORD_PATTERN = r"(?u)\b\w[\w']*\w\b"
"""Words of two letters or more; an apostrophe inside stays, for "didn't" is not "didn"."""

_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"})


def normalise(text: str) -> str:
    """Lower the case and make all apostrophes alike.

    Examples
    --------
    >>> normalise("They DIDN’T say")
    "they didn't say"
    """
    return text.lower().translate(_QUOTES)
