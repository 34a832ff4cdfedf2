"""What is done to a text before its words are counted: the same in training and prediction."""

from __future__ import annotations

WORD_PATTERN = r"(?u)\b\w[\w']*\w\b"
"""Words of two letters or more; an apostrophe inside stays, for "didn't" is not "didn"."""

APOSTROPHES = "’‘ʼ`´"
"""As people and their telephones type them."""


def normalise(text: str) -> str:
    """Lower the case and make all apostrophes alike.

    Examples
    --------
    >>> normalise("They DIDN’T say")
    "they didn't say"
    """
    text = text.lower()
    for mark in "`" if text.isascii() else APOSTROPHES:
        text = text.replace(mark, "'")
    return text
