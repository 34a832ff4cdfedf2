"""What the labelling page shows: one account with its causes, keys and answer so far."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rejectnlp.accounts import split_sentences
from rejectnlp.codebook import UNEXPLAINED, Cause
from rejectnlp.decisions import word_certainty
from rejectnlp.labelling import Desk
from rejectnlp.page.views import look_of
from rejectnlp.readings import Reading
from rejectnlp.scorer import Tagger


@dataclass(frozen=True)
class Piece:
    """A sentence of an account, or what stands between two: `number` is None for the latter."""

    text: str
    start: int
    number: int | None


@dataclass(frozen=True)
class Toggle:
    """One cause with its key and its look."""

    cause: Cause
    key: str
    look: str


@dataclass(frozen=True)
class Suggestion:
    """One cause that the tagger names, shown after the reader's own answer."""

    name: str
    certainty: str
    percent: int
    words: str


@dataclass(frozen=True)
class Sheet:
    """All that is shown of one account."""

    at: int
    n: int
    n_answered: int
    id: str
    pieces: tuple[Piece, ...]
    state: dict[str, Any]
    is_answered: bool
    suggestions: tuple[Suggestion, ...] | None

    @property
    def percent(self) -> int:
        """Share of the accounts that are answered; 100 only when all are."""
        return 100 * self.n_answered // self.n

    @property
    def summary(self) -> str:
        """The state in a line, to be read aloud."""
        return f"Account {self.at + 1} of {self.n}; {self.n_answered} answered"


def view_sheet(desk: Desk, at: int, tagger: Tagger | None = None) -> Sheet:
    """Show one account of a desk, and what a tagger says of it once it is answered."""
    account = desk.pile.accounts[at]
    reading = desk.readings.get(account.id)
    return Sheet(
        at=at,
        n=len(desk.pile.accounts),
        n_answered=desk.n_answered,
        id=account.id,
        pieces=_cut(account.text),
        state=_state_of(reading),
        is_answered=reading is not None,
        suggestions=_suggest(tagger, account.text) if tagger and reading else None,
    )


def view_toggles(desk: Desk) -> tuple[Toggle, ...]:
    """Give the causes in the codebook's order, `unexplained` last."""
    looks = {cause: look_of(desk.codebook, cause) for cause in desk.codebook.ids}
    return tuple(
        Toggle(desk.codebook[cause], key, looks.get(cause, "plain"))
        for cause, key in desk.keys.items()
    )


def _cut(text: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    at = 0
    for number, sentence in enumerate(split_sentences(text)):
        if at < sentence.start:
            pieces.append(Piece(text[at : sentence.start], at, None))
        pieces.append(Piece(sentence.text, sentence.start, number))
        at = sentence.end
    if at < len(text):
        pieces.append(Piece(text[at:], at, None))
    return tuple(pieces)


def _state_of(reading: Reading | None) -> dict[str, Any]:
    if reading is None:
        return {"labels": [], "evidence": [], "doubt": False, "note": ""}
    return {
        "labels": list(reading.labels),
        "evidence": [asdict(span) for span in reading.evidence],
        "doubt": reading.doubt,
        "note": reading.note,
    }


def _suggest(tagger: Tagger, text: str) -> tuple[Suggestion, ...]:
    finding = tagger.explain(text)
    words = {e.cause: e.text for e in reversed(finding.evidence)}
    return tuple(
        Suggestion(
            tagger.codebook[cause].name,
            word_certainty(finding.probabilities[cause]),
            round(100 * finding.probabilities[cause]),
            words.get(cause, ""),
        )
        for cause in finding.causes
        if cause != UNEXPLAINED
    )
