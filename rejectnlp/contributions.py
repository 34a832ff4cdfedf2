"""What one sentence adds to an account's causes, and what the answer would be without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rejectnlp.codebook import UNEXPLAINED
from rejectnlp.decisions import word_weight
from rejectnlp.scorer import Tagger
from rejectnlp.settings import SETTINGS

SMALLEST_MOVE = 0.01
"""A probability that moves by less than a point has not moved for a reader."""


@dataclass(frozen=True)
class Weight:
    """How much a sentence speaks for a cause: 0 to 1, and in a word."""

    cause: str
    weight: float
    word: str


@dataclass(frozen=True)
class Move:
    """A cause's probability with a sentence and without it."""

    cause: str
    before: float
    after: float


@dataclass(frozen=True)
class Contribution:
    """What one sentence does in an account.

    Parameters
    ----------
    text
        The sentence.
    weights
        The causes that it speaks for, strongest first.
    gained
        Causes that would be named without it and are not now.
    lost
        Causes that would not be named without it.
    moves
        Probabilities that would change by a point or more, largest change first.
    """

    text: str
    weights: tuple[Weight, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    moves: tuple[Move, ...]


def examine_sentence(tagger: Tagger, text: str, number: int) -> Contribution:
    """Say what the sentence of this number adds, and what would change without it.

    Raises
    ------
    IndexError
        If the account has no sentence of this number, counted from 0.

    Examples
    --------
    >>> from rejectnlp.scorer import load
    >>> story = "The tea was good. They told me the job had gone to an internal candidate."
    >>> examine_sentence(load(), story, 1).lost
    ('pre_chosen_candidate',)
    """
    sentences = tagger.weigh_sentences(text)
    start, end, weights = sentences[number]
    before, after = tagger.explain(text), tagger.explain(text[:start] + text[end:])
    return Contribution(
        text=text[start:end],
        weights=_strongest(weights),
        gained=tuple(c for c in after.causes if c not in before.causes and c != UNEXPLAINED),
        lost=tuple(c for c in before.causes if c not in after.causes and c != UNEXPLAINED),
        moves=_moves(before.probabilities, after.probabilities),
    )


def _strongest(weights: Mapping[str, float]) -> tuple[Weight, ...]:
    ordered = sorted(weights.items(), key=lambda item: -item[1])[: SETTINGS.most_evidence]
    return tuple(Weight(cause, weight, word_weight(weight)) for cause, weight in ordered)


def _moves(before: Mapping[str, float], after: Mapping[str, float]) -> tuple[Move, ...]:
    moves = [Move(cause, before[cause], after[cause]) for cause in before]
    moved = [m for m in moves if abs(m.after - m.before) >= SMALLEST_MOVE]
    moved.sort(key=lambda m: -abs(m.after - m.before))
    return tuple(moved[: SETTINGS.most_moves])
