"""What the page shows of stories: findings in the words and shapes of its templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rejectnlp.care import needs_care
from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.decisions import SURELY_REPORTED, word_certainty
from rejectnlp.evidence import NOTES, Finding
from rejectnlp.questions import Questions, choose_questions
from rejectnlp.scorer import Tagger
from rejectnlp.settings import SETTINGS

# Seven hues and five ways to underline: every pair of 35 causes differs in one of them.
N_HUES, N_LINES = 7, 5

FOR_COACH = {
    "candidate": "The client’s move",
    "employer": "The employer’s move",
    "both": "A move for both sides",
}
"""Whose move it is, as it is put to a coach."""


@dataclass(frozen=True)
class Stretch:
    """A sentence of a story, or what stands between two; `number` is None for the latter.

    `tags` are the letter and the look of each cause that the sentence shows.
    """

    text: str
    start: int
    number: int | None
    tags: tuple[tuple[str, str], ...] = ()
    names: str = ""


@dataclass(frozen=True)
class Card:
    """One cause that was found, or nearly."""

    cause: str
    name: str
    letter: str
    look: str
    certainty: str
    percent: int
    whose_move: str
    words: tuple[str, ...]
    next_steps: tuple[str, ...]
    questions: Questions


@dataclass(frozen=True)
class Mark:
    """Words that stand for a cause when the coach begins to correct."""

    cause: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Story:
    """All that is shown of one story."""

    stretches: tuple[Stretch, ...]
    cards: tuple[Card, ...]
    near: tuple[Card, ...]
    note: str
    is_read: bool
    unexplained: Card
    labels: tuple[str, ...]
    marks: tuple[Mark, ...]

    @property
    def summary(self) -> str:
        """The answer in a line, to be read aloud."""
        if not self.cards:
            return self.note or "This story does not say why."
        return "; ".join(f"{c.name}, {c.certainty}, {c.percent} percent" for c in self.cards)


@dataclass(frozen=True)
class Answer:
    """All that is shown of several stories; `care` if one of them speaks of despair."""

    stories: tuple[Story, ...]
    care: bool

    @property
    def summary(self) -> str:
        """The answer in a line a story, to be read aloud."""
        if len(self.stories) == 1:
            return self.stories[0].summary
        return ". ".join(f"Story {n}: {s.summary}" for n, s in enumerate(self.stories, 1))


def view_answer(tagger: Tagger, texts: Sequence[str]) -> Answer:
    """Explain some stories for the page."""
    return Answer(tuple(view_story(tagger, text) for text in texts), any(map(needs_care, texts)))


def view_story(tagger: Tagger, text: str) -> Story:
    """Explain one story for the page."""
    finding = tagger.explain(text)
    book = tagger.codebook
    causes = [cause for cause in finding.causes if cause != UNEXPLAINED]
    letters = {cause: _letter(i) for i, cause in enumerate(causes)}
    return Story(
        stretches=_cut_story(tagger, finding, letters),
        cards=tuple(view_card(book, finding, cause, letters[cause]) for cause in causes),
        near=tuple(view_card(book, finding, cause) for cause in _find_near(finding)),
        note=NOTES.get(finding.note, ""),
        is_read=any(finding.probabilities.values()),
        unexplained=view_card(book, finding, UNEXPLAINED),
        labels=finding.causes,
        marks=tuple(Mark(e.cause, e.start, e.end, e.text) for e in finding.evidence),
    )


def _letter(i: int) -> str:
    return chr(ord("A") + i) if i < 26 else f"Z{i}"


def _cut_story(tagger: Tagger, finding: Finding, letters: dict[str, str]) -> tuple[Stretch, ...]:
    """Cut a story into sentences and what is between them; evidence is always a sentence."""
    text, at = finding.text, 0
    stretches: list[Stretch] = []
    for number, (start, end, _) in enumerate(tagger.weigh_sentences(text)):
        if at < start:
            stretches.append(Stretch(text[at:start], at, None))
        causes = [e.cause for e in finding.evidence if e.start < end and start < e.end]
        stretches.append(
            Stretch(
                text[start:end],
                start,
                number,
                tags=tuple((letters[c], look_of(tagger.codebook, c)) for c in causes),
                names=", ".join(tagger.codebook[cause].name for cause in causes),
            )
        )
        at = end
    if at < len(text):
        stretches.append(Stretch(text[at:], at, None))
    return tuple(stretches)


def look_of(codebook: Codebook, cause: str) -> str:
    """Give the classes of a cause's own colour and underline, the same in every story."""
    if cause == UNEXPLAINED:
        return ""
    i = codebook.ids.index(cause)
    return f"hue-{i % N_HUES} line-{i % N_LINES}"


def _find_near(finding: Finding) -> list[str]:
    rest = [
        (p, cause)
        for cause, p in finding.probabilities.items()
        if cause not in finding.causes and p >= SETTINGS.least_near
    ]
    return [cause for _, cause in sorted(rest, reverse=True)[: SETTINGS.most_near]]


def view_card(codebook: Codebook, finding: Finding, cause_id: str, letter: str = "") -> Card:
    """Say all about one cause of one story."""
    cause = codebook[cause_id]
    p = finding.probabilities.get(cause_id, 0.0)
    return Card(
        cause=cause_id,
        name=name_cause(codebook, cause_id),
        letter=letter,
        look=look_of(codebook, cause_id),
        certainty=word_cause(cause_id, p),
        percent=round(100 * p),
        whose_move=FOR_COACH.get(cause.whose_move, ""),
        words=tuple(e.text for e in finding.evidence if e.cause == cause_id),
        next_steps=cause.next_steps,
        questions=choose_questions([cause_id]),
    )


def name_cause(codebook: Codebook, cause: str) -> str:
    """Name a cause as it is put to a client: discrimination is reported, never found.

    Examples
    --------
    >>> from rejectnlp.codebook import read_codebook
    >>> name_cause(read_codebook(), "discrimination")
    'The account reports discrimination'
    """
    if cause == "discrimination":
        return "The account reports discrimination"
    return codebook[cause].name


def word_cause(cause: str, probability: float) -> str:
    """Put a probability into a word; a hint of discrimination asks to be read.

    Examples
    --------
    >>> word_cause("discrimination", 0.8), word_cause("undersold", 0.4)
    ('possible, please read', 'possible')
    """
    if cause == "discrimination" and probability < SURELY_REPORTED:
        return "possible, please read"
    return word_certainty(probability)


def say_model(about: Mapping[str, Any], shipped: Mapping[str, Any] | None = None) -> str:
    """Say what a model learned from, and how it differs from the one that ships.

    Examples
    --------
    >>> about = {"data": {"n_accounts": 1440}, "out_of_fold": {"macro_f1": 0.412}}
    >>> say_model(about)
    'The answers come from a model that learned from 1,440 accounts.'
    >>> shipped = {"data": {"n_accounts": 1420}, "out_of_fold": {"macro_f1": 0.401}}
    >>> say_model(about, shipped)[62:]
    '; the one that ships, from 1,420. Its macro-F1 out of fold is 0.412; there, 0.401.'
    """
    n, f1 = about["data"]["n_accounts"], about["out_of_fold"]["macro_f1"]
    said = f"The answers come from a model that learned from {n:,} accounts"
    if shipped is None:
        return f"{said}."
    n_shipped, f1_shipped = shipped["data"]["n_accounts"], shipped["out_of_fold"]["macro_f1"]
    return (
        f"{said}; the one that ships, from {n_shipped:,}. "
        f"Its macro-F1 out of fold is {f1:.3f}; there, {f1_shipped:.3f}."
    )
