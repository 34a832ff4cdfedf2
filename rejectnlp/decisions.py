"""Probabilities to causes: cut-offs, and the answer when nothing is likely enough."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from rejectnlp.codebook import UNEXPLAINED

CERTAINTIES = ((0.8, "sure"), (0.5, "likely"), (0.0, "possible"))
"""Lowest probability of each word; calibrated, so "sure" is right 4 times in 5 or more."""


WEIGHTS = ((0.6, "much"), (0.3, "something"), (0.0, "little"))
"""Lowest weight of a sentence for each word of what it adds to a cause."""


SURELY_REPORTED = 0.9
"""From this probability on an account is said to report discrimination; below, possibly so:
too much hangs on the word to use it where one in ten would be wrong."""


def choose_causes(
    probabilities: Mapping[str, float], cutoffs: Mapping[str, float]
) -> tuple[str, ...]:
    """Name the causes that are likely enough, most likely first.

    An account with no cause above its cutoff is ``unexplained``: to give no
    cause is an answer too, and it never stands beside another one.

    Parameters
    ----------
    probabilities
        Calibrated probability of every cause, `unexplained` left out.
    cutoffs
        Lowest probability at which each cause is named.

    Examples
    --------
    >>> cutoffs = {"skills_gap": 0.4, "follow_up": 0.6}
    >>> choose_causes({"skills_gap": 0.7, "follow_up": 0.5}, cutoffs)
    ('skills_gap',)
    >>> choose_causes({"skills_gap": 0.1, "follow_up": 0.2}, cutoffs)
    ('unexplained',)
    """
    likely = [cause for cause, p in probabilities.items() if p >= cutoffs[cause]]
    likely.sort(key=lambda cause: probabilities[cause], reverse=True)
    return tuple(likely) or (UNEXPLAINED,)


def choose_cutoff(probabilities: NDArray[np.float64], y: NDArray[np.int8]) -> float:
    """Choose the cut-off of one cause for the best F1.

    With calibrated probabilities the best cut is half the F1 it reaches; taking the F1
    that the probabilities themselves promise, instead of searching the counts of a few
    dozen accounts, keeps a rare cause from following the luck of its fold.

    Parameters
    ----------
    probabilities
        Out-of-fold probabilities of one cause.
    y
        Whether the cause holds.

    References
    ----------
    Lipton, Elkan & Naryanaswamy, Optimal thresholding of classifiers to maximize F1
    measure (ECML 2014).

    Examples
    --------
    >>> p = np.array([0.9, 0.8, 0.2, 0.1])
    >>> round(choose_cutoff(p, np.array([1, 1, 0, 0], dtype=np.int8)), 3)
    0.425
    """
    if not y.any():
        return 1.0
    p = np.sort(probabilities)[::-1]
    expected_f1 = 2 * np.cumsum(p) / (np.arange(1, len(p) + 1) + p.sum())
    return float(expected_f1.max() / 2)


NEVER = 1.01
"""A cut-off that no probability reaches."""


def choose_precise_cutoff(probabilities: NDArray[np.float64], precision: float) -> float:
    """Choose the lowest cut-off at which enough of the named accounts will be right.

    With calibrated probabilities the share of right ones is the mean probability of
    those named; where even the likeliest accounts fall short, the cause is never named.

    Parameters
    ----------
    probabilities
        Out-of-fold probabilities of one cause.
    precision
        Share of right ones to promise, 0 to 1.

    Examples
    --------
    >>> p = np.array([0.9, 0.8, 0.4, 0.1])
    >>> float(choose_precise_cutoff(p, 0.7)), choose_precise_cutoff(p, 0.95)
    (0.4, 1.01)
    """
    p = np.sort(probabilities)[::-1]
    expected = np.cumsum(p) / np.arange(1, len(p) + 1)
    enough = np.flatnonzero(expected >= precision)
    return float(p[enough[-1]]) if len(enough) else NEVER


def word_certainty(probability: float) -> str:
    """Put a probability into a word.

    Examples
    --------
    >>> word_certainty(0.9), word_certainty(0.6), word_certainty(0.3)
    ('sure', 'likely', 'possible')
    """
    return next(word for lowest, word in CERTAINTIES if probability >= lowest)


def word_weight(weight: float) -> str:
    """Put the weight of a sentence into a word.

    Examples
    --------
    >>> word_weight(0.7), word_weight(0.4), word_weight(0.1)
    ('much', 'something', 'little')
    """
    return next(word for lowest, word in WEIGHTS if weight >= lowest)
