"""Accounts and their sentences: the text that goes in, cut where evidence can be pointed at."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from rejectnlp.normalisation import normalise
from rejectnlp.settings import SETTINGS


@dataclass(frozen=True)
class Account:
    """One free text by or about one person who did not get the job.

    Examples
    --------
    >>> Account("a1", "They went with an internal candidate.").id
    'a1'
    """

    id: str
    text: str


class Sentence(NamedTuple):
    """A stretch of an account: `text == account.text[start:end]`."""

    text: str
    start: int
    end: int


_PARTING = re.compile(r"^[^\S\n]*[-–—]{3,}[^\S\n]*$", re.MULTILINE)


def split_accounts(text: str) -> list[str]:
    r"""Cut a text into accounts at its lines of three or more dashes.

    Examples
    --------
    >>> split_accounts("They never called.\n---\nHe yawned.\n")
    ['They never called.', 'He yawned.']
    """
    return [part.strip() for part in _PARTING.split(text) if part.strip()]


ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st sr jr vs etc e.g i.e eg ie approx dept inc ltd corp a.m "
    "p.m u.s u.k ph.d".split()
)
"""A full stop after these does not end a sentence."""

# The bounds keep the search linear: a million full stops in a row are no sentence end.
_END = re.compile(r"[.!?…]{1,20}[\"'”’)\]]{0,4}(?=\s)|\n\s*")
_LAST_WORD = re.compile(r"[^\s(\"'“‘]+$")
# Where a very long sentence may be cut: people on forums write without full stops.
_JOINT = re.compile(r"[,;:–—]\s+|\s[-–—]+\s|\s(?=(?:and|but|so|because|then|which|although)\s)")


def split_sentences(text: str) -> list[Sentence]:
    """Cut a text into sentences that keep their places in it.

    Sentences end at `. ! ? …` before white space and at line breaks, not at
    abbreviations or initials. What runs on beyond
    `SETTINGS.longest_sentence` words is cut at its commas and conjunctions, so that
    evidence stays short enough to read.

    Returns
    -------
    list of Sentence
        In order, without empty ones; `text[s.start:s.end] == s.text` for each.

    Examples
    --------
    >>> [s.text for s in split_sentences("It went well. Dr. Who asked why!  No idea")]
    ['It went well.', 'Dr. Who asked why!', 'No idea']
    >>> split_sentences("  ")
    []
    """
    sentences: list[Sentence] = []
    start = 0
    for end in _END.finditer(text):
        if end.group()[0] == "." and _is_abbreviation(text, start, end.start()):
            continue
        sentences.extend(_cut(text, start, end.end()))
        start = end.end()
    sentences.extend(_cut(text, start, len(text)))
    return sentences


def _is_abbreviation(text: str, start: int, dot: int) -> bool:
    # Looking back a bounded way keeps the whole split linear in the text's length.
    last = _LAST_WORD.search(text, max(start, dot - 12), dot)
    if last is None:
        return False
    word = last.group().lower()
    return word in ABBREVIATIONS or (len(word) == 1 and word.isalpha() and word != "i")


def _cut(text: str, start: int, end: int) -> list[Sentence]:
    """Trim white space and cut what is too long at its joints."""
    if text.count(" ", start, end) < SETTINGS.longest_sentence:
        return _trim(text, start, end)
    pieces: list[Sentence] = []
    n_words, begin = 0, start
    at = start
    for joint in _JOINT.finditer(text, start, end):
        n_words += text.count(" ", at, joint.end())
        at = joint.end()
        if n_words >= SETTINGS.longest_sentence // 2:
            pieces.extend(_trim(text, begin, joint.end()))
            begin, n_words = joint.end(), 0
    return pieces + _trim(text, begin, end)


def _trim(text: str, start: int, end: int) -> list[Sentence]:
    inner = text[start:end].strip()
    if not inner:
        return []
    while text[start].isspace():
        start += 1
    return [Sentence(inner, start, start + len(inner))]


COMMON_WORDS = frozenset(
    "the a an i my me and to of in it was that for they with but on is he she we you had not "
    "this at have as so be said were their his her our are just from got get what or if when "
    "did didnt no there been all about out who him would after up how by job interview".split()
)
"""The commonest English words: a text of some length without them is not English."""

SHARE_OF_COMMON_WORDS = 0.12
"""Of the words of a text; with fewer it is taken for another language."""

UNTOLD = ("empty", "too_short", "not_english")
"""Notes of texts that are not read for causes: they are `unexplained` by rule."""


def note_text(text: str) -> str:
    """Say what a reader of the tags should know of the text itself.

    Returns
    -------
    str
        `empty` (no letter in it), `too_short` (fewer than `SETTINGS.fewest_words` words),
        `not_english`, `truncated` (only the first `SETTINGS.longest_text` characters were
        read); "" for nothing.

    Examples
    --------
    >>> note_text(" - "), note_text("No.")
    ('empty', 'too_short')
    >>> note_text("Leider haben wir andere Bewerber genommen, sorry.")
    'not_english'
    >>> note_text("They went with somebody who had done the job before.")
    ''
    """
    words = find_words(normalise(text[: SETTINGS.longest_text]))
    note = note_words(len(words), sum(map(COMMON_WORDS.__contains__, words)))
    return note or ("truncated" if len(text) > SETTINGS.longest_text else "")


find_words: Callable[[str], list[str]] = re.compile(r"[^\W\d_][\w']*").findall
"""Finds the words of a normalised text that begin with a letter."""


def note_words(n: float, n_common: float) -> str:
    """Say what the number of words, and of `COMMON_WORDS` among them, tells of a text.

    Examples
    --------
    >>> note_words(2, 1), note_words(200, 1), note_words(200, 70)
    ('too_short', 'not_english', '')
    """
    if not n:
        return "empty"
    if n < SETTINGS.fewest_words:
        return "too_short"
    is_foreign = n >= SETTINGS.fewest_words_for_language and n_common < n * SHARE_OF_COMMON_WORDS
    return "not_english" if is_foreign else ""


_PLAINLY = (" interview", " job", " hire", " appli", " apply", " offer", " work", " employ")
_ABOUT_JOBS = re.compile(
    r"\b(?:interview|job|roles?\b|positions?\b|posts?\b|vacanc|opening|appl[iy]|candidate|recruit"
    r"|hir(?:e|ing)|employ|compan|firm|panel|offer|cv\b|r[eé]sum|hr\b|manager|reject|shortlist"
    r"|screening|assessment|refere|intern(?:ship)?s?\b|placement|apprentic|trainee|career|work"
    r"|unsuccessful|feedback|headhunt|agency|promotion|salary|staff|boss|team|audition)",
    re.IGNORECASE,
)


def is_about_jobs(text: str) -> bool:
    """Tell whether a text speaks of a job or an interview at all; short ones may leave it out.

    Examples
    --------
    >>> is_about_jobs("They went with someone else.")
    True
    >>> is_about_jobs("Peel the potatoes and boil them until they are soft. " * 5)
    False
    """
    if len(text) < SETTINGS.shortest_topic:
        return True
    # Nearly all hold one of these, and finding a fixed word is quick.
    return any(word in text for word in _PLAINLY) or _ABOUT_JOBS.search(text) is not None


def check_texts(texts: Any) -> list[str]:
    """Take a list, array, column or table of one column of texts; anything else is refused.

    Examples
    --------
    >>> check_texts(("They", "said no"))
    ['They', 'said no']
    """
    if isinstance(texts, str | bytes):
        raise ValueError("expected a list of texts, got a single text")
    if hasattr(texts, "tocsr"):
        raise TypeError("expected texts, got a sparse matrix")
    checked = list(_take_column(texts))
    for kind in set(map(type, checked)):
        if not issubclass(kind, str):
            raise ValueError(f"expected texts, got {kind.__name__}")
    return checked


def _take_column(texts: Any) -> Any:
    """Give the one column of a table of pandas, polars or NumPy; a list stays as it is."""
    shape: tuple[int, ...] = getattr(texts, "shape", ())
    if len(shape) != 2:
        return texts
    if shape[1] != 1:
        raise ValueError(f"expected one column of texts, got {shape[1]}")
    return texts[texts.columns[0]] if hasattr(texts, "columns") else texts[:, 0]
