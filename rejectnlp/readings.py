"""What one person says of one account: checked, and read back from a file of answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rejectnlp.accounts import Account
from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.dataset import GROUNDS, Labelled, Span, read_rows
from rejectnlp.errors import DataError
from rejectnlp.settings import SETTINGS

READER = "reader"
"""The labeller who gives no name."""


@dataclass(frozen=True)
class Reading:
    """What one person says of one account.

    Parameters
    ----------
    id, text
        Of the account.
    labels
        In the codebook's order, never empty: no grounds is `unexplained`.
    evidence
        The marked words; none is allowed, for a cause can be plain without them.
    doubt, note
        Whether the reader is unsure, and why.
    suggested
        Whether the tagger's opinion had been shown before this answer was given.
    """

    id: str
    text: str
    labels: tuple[str, ...]
    evidence: tuple[Span, ...] = ()
    doubt: bool = False
    note: str = ""
    suggested: bool = False

    def to_dict(self, labeller: str) -> dict[str, Any]:
        """Give the reading as a row of the dataset, which training reads as it is."""
        row = Labelled(
            self.id,
            self.text,
            self.labels,
            evidence=self.evidence,
            origin={"type": "own"},
            votes={labeller: self.labels},
        )
        extra = {"doubt": self.doubt, "note": self.note, "suggested": self.suggested}
        return row.to_dict() | {name: value for name, value in extra.items() if value}


def make_reading(
    account: Account,
    labels: Sequence[str],
    evidence: Sequence[Span],
    codebook: Codebook,
    *,
    doubt: bool = False,
    note: str = "",
    suggested: bool = False,
) -> Reading:
    """Put an answer into its order, and check it.

    Raises
    ------
    DataError
        If a label is not in the codebook, or marked words lie outside the text or are for
        a cause that is not among the labels.

    Examples
    --------
    >>> from rejectnlp.codebook import read_codebook
    >>> account = Account("1", "Two weeks of silence.")
    >>> make_reading(account, ["unexplained"], [], read_codebook()).labels
    ('unexplained',)
    """
    order = {cause: n for n, cause in enumerate((*codebook.ids, UNEXPLAINED))}
    labels = sorted(dict.fromkeys(labels), key=lambda cause: order.get(cause, 0))
    if problem := codebook.check(labels):
        raise DataError(problem)
    for span in evidence:
        if span.cause not in labels or span.ground not in GROUNDS:
            raise DataError("words are marked for a cause that is not chosen")
        if not 0 <= span.start < span.end <= len(account.text):
            raise DataError("words are marked that lie outside the account")
    spans = sorted(set(evidence), key=lambda s: (s.start, s.end, order[s.cause]))
    note = " ".join(note.split())[: SETTINGS.longest_note]
    return Reading(account.id, account.text, tuple(labels), tuple(spans), doubt, note, suggested)


def read_readings(path: Path) -> dict[str, tuple[str, Reading]]:
    """Read a file of answers: id to labeller and reading, in the order they stand.

    Raises
    ------
    DataError
        If a line is not a row of answers, or an id comes twice.
    """
    rows = read_rows([path])
    check_ids([row.id for row in rows], path.name)
    lines = path.read_text(encoding="utf-8").split("\n")
    extras = [json.loads(line) for line in lines if line.strip()]
    return {
        row.id: (
            next(iter(row.votes), READER),
            Reading(
                *(row.id, row.text, row.labels, row.evidence),
                bool(extra.get("doubt")),
                str(extra.get("note", "")),
                bool(extra.get("suggested")),
            ),
        )
        for row, extra in zip(rows, extras, strict=True)
    }


def check_ids(ids: Sequence[str], place: str) -> None:
    """Refuse ids that come twice."""
    n_twice = len(ids) - len(set(ids))
    if n_twice:
        raise DataError(
            f"{n_twice:,} ids come twice, so that answers could not be told apart",
            place=place,
            remedy="Give each account an id of its own, or name another --id-column.",
        )
