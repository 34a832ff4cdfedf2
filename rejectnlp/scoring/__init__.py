"""Texts to scores, exactly as the scikit-learn pipeline that a model was made from.

Two ways give the same numbers: a compiled kernel, and plain Python with NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rejectnlp.scoring.batch import Batch
from rejectnlp.scoring.compiled import Kernel, fits, library_path, load_library
from rejectnlp.settings import SETTINGS
from rejectnlp.storage import Model

if TYPE_CHECKING:
    from rejectnlp.scoring.plain import Plain

__all__ = ["Batch", "Scorer", "library_path", "load_library"]


class Scorer:
    """Scores texts and their sentences by a model, the fastest way there is here.

    Parameters
    ----------
    model
        As `rejectnlp.storage.load_model` gives it.

    Attributes
    ----------
    is_compiled
        Whether the kernel does the work.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._plain: Plain | None = None
        library = load_library() if fits(model) else None
        self._kernel = Kernel(model, library) if library else None
        self.is_compiled = self._kernel is not None

    def score(self, texts: Sequence[str]) -> Batch:
        """Score texts; of each, the first `SETTINGS.longest_text` characters."""
        longest = SETTINGS.longest_text
        long = [i for i, text in enumerate(texts) if len(text) > longest]
        read = [text[:longest] for text in texts] if long else texts
        if self._kernel is None:
            batch = self._fall_back(read)
        else:
            batch, hard = self._kernel.score(read)
            if hard.any():
                at = np.flatnonzero(hard)
                batch = batch.insert(self._fall_back([read[i] for i in at.tolist()]), at)
        for i in long:
            batch.notes[i] = batch.notes[i] or "truncated"
        return batch

    def _fall_back(self, texts: Sequence[str]) -> Batch:
        if self._plain is None:
            # Here and not above: it needs SciPy, which takes longer to load than a text to score.
            from rejectnlp.scoring.plain import Plain

            self._plain = Plain(self._model)
        return self._plain.score(texts)
