"""What is done to a text before its words are counted: the same in training and prediction."""

from __future__ import annotations

import re
from functools import partial

WORD_PATTERN = r"(?u)\b\w\w+\b"
"""Words of two letters or more."""

APOSTROPHES = "’‘ʼ`´"
"""As people and their telephones type them."""

_leave_out = partial(re.compile(r"(?<=\w)'(?=\w)").sub, "")


def normalise(text: str) -> str:
    """Lower the case, make all apostrophes alike and leave out those inside words.

    Many people type "didnt": both are one word, and neither is "didn".

    Examples
    --------
    >>> normalise("They DIDN’T say")
    'they didnt say'
    """
    text = text.lower()
    for mark in "`" if text.isascii() else APOSTROPHES:
        text = text.replace(mark, "'")
    return _leave_out(text) if "'" in text else text
