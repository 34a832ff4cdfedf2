"""Findings: the causes of one account, how likely they are, and the sentences that carry them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from typing import Any

from rejectnlp.codebook import UNEXPLAINED
from rejectnlp.decisions import word_certainty
from rejectnlp.redaction import find_personal, replace_spans
from rejectnlp.settings import SETTINGS

NOTES = {
    "empty": "There is no word in this text.",
    "too_short": "This text is too short to tell why.",
    "not_english": "This does not look like English, so it was not read for causes.",
    "not_about_jobs": "No word here is about a job or an interview: is it an account of one?",
    "truncated": f"Only the first {SETTINGS.longest_text:,} characters were read.",
}
"""What each note says to a reader."""


@dataclass(frozen=True)
class Evidence:
    """A sentence that gives grounds for a cause: `account[start:end] == text`.

    `weight` is 0 to 1: how much the sentence speaks for this cause and looks like grounds
    at all, by a model of sentences. It orders sentences; it is not a probability.
    """

    cause: str
    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class Finding:
    """What rejectnlp says about one account.

    Parameters
    ----------
    id
        Of the account.
    text
        The account itself.
    causes
        Likeliest first; `("unexplained",)` where none is likely enough.
    probabilities
        Calibrated, one a cause, in the codebook's order.
    evidence
        Causes in the order of `causes`, strongest sentence first.
    whose_move
        Who could act: candidate, employer, both.
    note
        What the reader should know of the text, as `note_text` says it; or "".
    """

    id: str
    text: str
    causes: tuple[str, ...]
    probabilities: Mapping[str, float]
    evidence: tuple[Evidence, ...]
    whose_move: tuple[str, ...]
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the finding as one row of output; the account's whole text is left out."""
        return {
            "id": self.id,
            "causes": list(self.causes),
            "probabilities": {c: round(p, 6) for c, p in self.probabilities.items()},
            "evidence": [
                {
                    "cause": e.cause,
                    "text": e.text,
                    "start": e.start,
                    "end": e.end,
                    "weight": round(e.weight, 6),
                }
                for e in self.evidence
            ],
            "whose_move": list(self.whose_move),
            "note": self.note,
        }

    def _repr_html_(self) -> str:
        """Show the causes and the account with its evidence marked, in a notebook."""
        tags = "".join(
            f"<li><b>{escape(cause)}</b> {self._certainty(cause)}</li>" for cause in self.causes
        )
        story = "".join(
            f'<mark title="{escape(", ".join(causes))}">{escape(text)}</mark>'
            f" <sub>{escape(', '.join(causes))}</sub>"
            if causes
            else escape(text)
            for text, causes in mark_evidence(self.text, self.evidence)
        )
        note = f"<p>{escape(NOTES[self.note])}</p>" if self.note else ""
        return f'{note}<ul>{tags}</ul><p style="white-space:pre-wrap;max-width:45em">{story}</p>'

    def _certainty(self, cause: str) -> str:
        if cause == UNEXPLAINED:
            return "the account gives no grounds that the model knows"
        p = self.probabilities[cause]
        return f"{word_certainty(p)}, {p:.0%}"


def choose_evidence(
    text: str,
    spans: Sequence[tuple[int, int]],
    weights: Mapping[str, Sequence[float]],
) -> tuple[Evidence, ...]:
    """Choose the sentences to show for each named cause, strongest first.

    The strongest is always shown; further ones while they reach half its weight.

    Parameters
    ----------
    text
        The account.
    spans
        Start and end of each of its sentences.
    weights
        Of each sentence, by named cause.

    Examples
    --------
    >>> weights = {"interview_mistake": [0.1, 0.9]}
    >>> choose_evidence("Fine. I froze.", [(0, 5), (6, 14)], weights)[0].text
    'I froze.'
    """
    chosen: list[Evidence] = []
    for cause, own in weights.items():
        best = sorted(range(len(own)), key=own.__getitem__, reverse=True)[: SETTINGS.most_evidence]
        for i in best:
            if own[i] >= own[best[0]] / 2:
                start, end = spans[i]
                chosen.append(Evidence(cause, text[start:end], start, end, own[i]))
    return tuple(chosen)


def mark_evidence(text: str, evidence: Iterable[Evidence]) -> list[tuple[str, tuple[str, ...]]]:
    """Cut a text into stretches, each with the causes that it is evidence for.

    Examples
    --------
    >>> mark_evidence("Fine. I froze.", [Evidence("interview_mistake", "I froze.", 6, 14, 0.9)])
    [('Fine. ', ()), ('I froze.', ('interview_mistake',))]
    """
    evidence = list(evidence)
    cuts = sorted({0, len(text), *(e.start for e in evidence), *(e.end for e in evidence)})
    return [
        (
            text[start:end],
            tuple(dict.fromkeys(e.cause for e in evidence if e.start <= start and end <= e.end)),
        )
        for start, end in pairwise(cuts)
    ]


def redact_finding(finding: Finding) -> Finding:
    """Hide personal data in the account of a finding and in its evidence; see `redaction`.

    The causes stay those of the account as it was told.

    Examples
    --------
    >>> told = "Dear Sarah, you lied."
    >>> evidence = (Evidence("cold_interviewer", told[5:20], 5, 20, 0.5),)
    >>> found = Finding("1", told, ("cold_interviewer",), {}, evidence, ("employer",))
    >>> redact_finding(found).evidence[0].text
    '[name], you lied'
    """
    spans = find_personal(finding.text)
    if not spans:
        return finding
    text, place = replace_spans(finding.text, spans)
    evidence = []
    for e in finding.evidence:
        start, end = place(e.start), place(e.end, is_end=True)
        evidence.append(replace(e, text=text[start:end], start=start, end=end))
    return replace(finding, text=text, evidence=tuple(evidence))
