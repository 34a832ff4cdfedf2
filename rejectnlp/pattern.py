"""Several accounts of one person: which causes recur, and what lies in one's own hands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.evidence import Finding


@dataclass(frozen=True)
class Recurrence:
    """A cause and the accounts that give grounds for it, counted from 1."""

    cause: str
    accounts: tuple[int, ...]
    likeliest: float


@dataclass(frozen=True)
class Pattern:
    """What several accounts have in common.

    Parameters
    ----------
    n_accounts
        All of them.
    recurring
        Causes of two accounts or more, most frequent first.
    single
        Causes of one account.
    unexplained
        Numbers of the accounts that do not say why.
    own
        Causes where the person can move something, in the order of the others.
    n_own
        Accounts with at least one such cause.
    """

    n_accounts: int
    recurring: tuple[Recurrence, ...]
    single: tuple[Recurrence, ...]
    unexplained: tuple[int, ...]
    own: tuple[str, ...]
    n_own: int


def find_pattern(findings: Sequence[Finding], codebook: Codebook) -> Pattern:
    """Find what recurs in the findings of one person's accounts.

    Examples
    --------
    >>> from rejectnlp.scorer import load
    >>> tagger = load()
    >>> story = "They told me that the job had gone to an internal candidate."
    >>> pattern = find_pattern([tagger.explain(story)] * 2, tagger.codebook)
    >>> pattern.recurring[0].cause, pattern.recurring[0].accounts, pattern.n_own
    ('pre_chosen_candidate', (1, 2), 0)
    """
    where: dict[str, list[int]] = defaultdict(list)
    for number, finding in enumerate(findings, 1):
        for cause in finding.causes:
            where[cause].append(number)
    unexplained = tuple(where.pop(UNEXPLAINED, ()))
    found = [
        Recurrence(c, tuple(where[c]), max(findings[n - 1].probabilities[c] for n in where[c]))
        for c in codebook.ids
        if c in where
    ]
    found.sort(key=lambda r: (-len(r.accounts), -r.likeliest))
    own = tuple(r.cause for r in found if codebook[r.cause].whose_move in ("candidate", "both"))
    return Pattern(
        n_accounts=len(findings),
        recurring=tuple(r for r in found if len(r.accounts) > 1),
        single=tuple(r for r in found if len(r.accounts) == 1),
        unexplained=unexplained,
        own=own,
        n_own=len({n for cause in own for n in where[cause]}),
    )
