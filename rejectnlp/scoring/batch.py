"""Scores of many texts at once: what both ways of scoring give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Batch:
    """Uncalibrated scores of n texts and of their S sentences.

    Parameters
    ----------
    whole
        Of each whole text, every cause and then evidence; shape (n, k + 1).
    best
        Of each text's best sentence, a cause; shape (n, k).
    notes
        What `rejectnlp.accounts.note_text` says of each text.
    first
        Where each text's sentences begin in `spans` and `parts`; shape (n + 1,).
    spans
        Start and end of each sentence in its text, in characters; shape (S, 2).
    parts
        Of each sentence, every cause and then evidence; shape (S, k + 1).
    """

    whole: Floats
    best: Floats
    notes: list[str]
    first: NDArray[np.int64]
    spans: NDArray[np.int32]
    parts: Floats

    def insert(self, other: Batch, at: NDArray[np.intp]) -> Batch:
        """Put the texts of another batch in the places where this one has nothing."""
        whole, best, notes = self.whole.copy(), self.best.copy(), list(self.notes)
        whole[at], best[at] = other.whole, other.best
        sizes = np.diff(self.first)
        sizes[at] = np.diff(other.first)
        first = np.concatenate([[0], np.cumsum(sizes)])
        spans = np.empty((first[-1], 2), dtype=np.int32)
        parts = np.empty((first[-1], self.parts.shape[1]))
        theirs = np.full(len(notes), False)
        theirs[at] = True
        from_other = np.repeat(theirs, sizes)
        spans[from_other], spans[~from_other] = other.spans, self.spans
        parts[from_other], parts[~from_other] = other.parts, self.parts
        for place, note in zip(at.tolist(), other.notes, strict=True):
            notes[place] = note
        return Batch(whole, best, notes, first, spans, parts)
