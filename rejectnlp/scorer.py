"""The predictor: texts to probabilities and findings, by a loaded model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rejectnlp.accounts import UNTOLD, Account, check_texts, is_about_jobs
from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.decisions import choose_causes
from rejectnlp.errors import UsageError
from rejectnlp.evidence import Finding, choose_evidence
from rejectnlp.scoring import Batch, Scorer
from rejectnlp.settings import SETTINGS, asset_path
from rejectnlp.storage import Model, load_model

Floats = NDArray[np.float64]


def load(folder: str | Path | None = None, *, precision: float | None = None) -> Tagger:
    """Open a model folder; without one, the model that ships with rejectnlp.

    Parameters
    ----------
    folder
        Made by `rejectnlp train`.
    precision
        Name a cause only where this share of such tags is right; see `Tagger`.

    Raises
    ------
    ModelError
        If there is no model there, or it is damaged.
    UsageError
        If the model keeps no cut-offs for that precision.

    Examples
    --------
    >>> load().causes[:2]
    ('skills_gap', 'different_role')
    """
    model = load_model(Path(folder) if folder else asset_path("models", "default"))
    return Tagger(model, precision=precision)


class Tagger:
    """Tags accounts with causes, probabilities and evidence.

    An account is `unexplained` where no cause reaches its cut-off; only a model of accounts
    that have just one cause each names the likeliest anyway, unless a precision is asked
    for. Texts too short to tell anything, or not in English, are `unexplained` with all
    probabilities 0, and noted.

    Parameters
    ----------
    model
        As `rejectnlp.storage.load_model` gives it.
    precision
        One of `SETTINGS.precisions`: a cause is named only where the model promises that
        this share of its tags is right, which names fewer. None names causes from the
        cut-offs with the best F1 on.

    Examples
    --------
    >>> finding = load().explain("They told me the job had gone to an internal candidate.")
    >>> finding.causes[0], finding.evidence[0].start
    ('pre_chosen_candidate', 0)
    """

    def __init__(self, model: Model, *, precision: float | None = None) -> None:
        if precision is not None and precision not in SETTINGS.precisions:
            known = ", ".join(map(str, SETTINGS.precisions))
            raise UsageError(f"no cut-offs for precision {precision}", remedy=f"Known: {known}.")
        self.model = model
        self.precision = precision

    @property
    def codebook(self) -> Codebook:
        """The causes that this model knows, with all that is said about them."""
        return self.model.codebook

    @property
    def causes(self) -> tuple[str, ...]:
        """Ids of the causes, in the order of the columns of `predict_proba`."""
        return self.model.codebook.ids

    @cached_property
    def is_compiled(self) -> bool:
        """Whether the compiled kernel does the work; the numbers are the same without it."""
        return self._scorer.is_compiled

    def predict_proba(self, texts: Iterable[str]) -> Floats:
        """Give the calibrated probability of every cause, shape (n_texts, n_causes)."""
        parts = [self._probabilities(batch) for _, batch in self._batches(check_texts(texts))]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.causes)))

    def predict(self, texts: Iterable[str]) -> list[tuple[str, ...]]:
        """Name the causes of each text, likeliest first; `("unexplained",)` for none."""
        return [self._choose(self._name(row)) for row in self.predict_proba(texts).tolist()]

    def explain(self, text: str) -> Finding:
        """Tag one text and say which sentences carry the tags."""
        return next(self.find([Account("", *check_texts([text]))]))

    def find(self, accounts: Iterable[Account]) -> Iterator[Finding]:
        """Tag accounts one after another, in order."""
        accounts = iter(accounts)
        while chunk := list(islice(accounts, SETTINGS.batch_size)):
            for part, batch in self._batches([account.text for account in chunk]):
                yield from self._find(chunk[part], batch)

    def weigh_sentences(self, text: str) -> list[tuple[int, int, dict[str, float]]]:
        """Give start, end and the weight for each cause of every sentence of one text.

        Weights are those of `Evidence`: they order sentences, and are no probabilities.

        Examples
        --------
        >>> [(start, end) for start, end, _ in load().weigh_sentences("It went well. No idea.")]
        [(0, 13), (14, 22)]
        """
        batch = self._scorer.score(check_texts([text]))
        spans, rows = batch.spans.tolist(), _weigh(batch).tolist()
        return [(s, e, self._name(row)) for (s, e), row in zip(spans, rows, strict=True)]

    def _find(self, accounts: Sequence[Account], batch: Batch) -> Iterator[Finding]:
        probabilities = self._probabilities(batch).tolist()
        weights, spans = _weigh(batch), batch.spans.tolist()
        columns = {cause: c for c, cause in enumerate(self.causes)}
        first = batch.first.tolist()
        for i, account in enumerate(accounts):
            named = self._name(probabilities[i])
            causes = self._choose(named)
            own = slice(first[i], first[i + 1])
            yield Finding(
                id=account.id,
                text=account.text,
                causes=causes,
                probabilities=named,
                evidence=choose_evidence(
                    account.text,
                    spans[own],
                    {c: weights[own, columns[c]].tolist() for c in causes if c in columns},
                ),
                whose_move=self.codebook.whose_move(causes),
                note=batch.notes[i] or self._note_topic(account.text),
            )

    def _note_topic(self, text: str) -> str:
        # Causes of people's own may be those of anything.
        is_off = not self.codebook.is_own and not is_about_jobs(text)
        return "not_about_jobs" if is_off else ""

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[slice, Batch]]:
        """Score texts, some at a time, so that what is held at once stays small."""
        start = n_characters = 0
        for end, text in enumerate(texts, 1):
            n_characters += len(text)
            full = end - start == SETTINGS.batch_size or n_characters > SETTINGS.batch_characters
            if full or end == len(texts):
                yield slice(start, end), self._scorer.score(texts[start:end])
                start, n_characters = end, 0

    def _name(self, probabilities: Sequence[float]) -> dict[str, float]:
        return dict(zip(self.causes, probabilities, strict=True))

    def _choose(self, probabilities: dict[str, float]) -> tuple[str, ...]:
        if self.model.is_exclusive and any(probabilities.values()):
            likeliest = max(probabilities, key=probabilities.__getitem__)
            if self.precision is None or probabilities[likeliest] >= self._cutoffs[likeliest]:
                return (likeliest,)
            return (UNEXPLAINED,)
        return choose_causes(probabilities, self._cutoffs)

    @cached_property
    def _cutoffs(self) -> dict[str, float]:
        return self._name(self.cutoffs.tolist())

    @property
    def cutoffs(self) -> Floats:
        """Lowest probability at which each cause is named."""
        if self.precision is None:
            return self.model.cutoffs
        at = SETTINGS.precisions.index(self.precision)
        return np.asarray(self.model.precise_cutoffs[at])

    def _probabilities(self, batch: Batch) -> Floats:
        platt = self.model.platt
        p = _sigmoid(batch.whole[:, :-1] * platt[:, 0] + batch.best * platt[:, 1] + platt[:, 2])
        if self.model.is_exclusive:
            p /= np.maximum(p.sum(axis=1, keepdims=True), 1e-12)
        # Where nothing was told that can be read, nothing gives grounds.
        p[[note in UNTOLD for note in batch.notes]] = 0.0
        return p

    @cached_property
    def _scorer(self) -> Scorer:
        return Scorer(self.model)


def _weigh(batch: Batch) -> Floats:
    """Weigh every sentence for every cause: what it says of it, and its look of grounds."""
    looks_like_grounds = SETTINGS.evidence_share * batch.parts[:, -1:]
    return _sigmoid(batch.parts[:, :-1] + looks_like_grounds)


def _sigmoid(x: Floats) -> Floats:
    # The clip keeps exp from overflowing; beyond it the result is 0 or 1 to the last bit.
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -700, 700))), dtype=np.float64)
