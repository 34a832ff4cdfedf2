"""What the page shows of one client's accounts together, worded for the client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rejectnlp.care import needs_care
from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.evidence import Finding
from rejectnlp.page.views import look_of, name_cause, word_cause
from rejectnlp.pattern import Recurrence, find_pattern
from rejectnlp.questions import Questions, choose_questions
from rejectnlp.scorer import Tagger

FOR_CLIENT = {
    "candidate": "Your move",
    "employer": "The employer’s move",
    "both": "A move for you and for them",
}
"""Whose move it is, as it is put to a client."""


@dataclass(frozen=True)
class Repeat:
    """A cause that several accounts have, with the words of each."""

    name: str
    look: str
    accounts: tuple[int, ...]
    whose_move: str
    certainty: str
    words: tuple[tuple[int, str], ...]
    next_steps: tuple[str, ...]


@dataclass(frozen=True)
class PatternView:
    """All that is shown of one client's accounts."""

    n_accounts: int
    recurring: tuple[Repeat, ...]
    single: tuple[Repeat, ...]
    unexplained: tuple[int, ...]
    own: tuple[Repeat, ...]
    n_own: int
    questions: Questions
    care: bool

    @property
    def summary(self) -> str:
        """The pattern in a line, to be read aloud."""
        names = ", ".join(f"{r.name} in {len(r.accounts)}" for r in self.recurring)
        return f"{self.n_accounts} accounts. {f'Recurring: {names}.' if names else 'None recurs.'}"


def view_pattern(tagger: Tagger, texts: Sequence[str]) -> PatternView:
    """Find what recurs in one client's accounts, for the page."""
    findings = [tagger.explain(text) for text in texts]
    pattern = find_pattern(findings, tagger.codebook)
    views = {
        r.cause: _view_repeat(tagger.codebook, findings, r)
        for r in (*pattern.recurring, *pattern.single)
    }
    return PatternView(
        n_accounts=pattern.n_accounts,
        recurring=tuple(views[r.cause] for r in pattern.recurring),
        single=tuple(views[r.cause] for r in pattern.single),
        unexplained=pattern.unexplained,
        own=tuple(views[cause] for cause in pattern.own),
        n_own=pattern.n_own,
        questions=choose_questions([UNEXPLAINED] if pattern.unexplained else []),
        care=any(map(needs_care, texts)),
    )


def _view_repeat(codebook: Codebook, findings: Sequence[Finding], r: Recurrence) -> Repeat:
    first = [
        (n, next((e.text for e in findings[n - 1].evidence if e.cause == r.cause), ""))
        for n in r.accounts
    ]
    return Repeat(
        name=name_cause(codebook, r.cause),
        look=look_of(codebook, r.cause),
        accounts=r.accounts,
        whose_move=FOR_CLIENT.get(codebook[r.cause].whose_move, ""),
        certainty=word_cause(r.cause, r.likeliest),
        words=tuple((n, words) for n, words in first if words),
        next_steps=codebook[r.cause].next_steps,
    )
