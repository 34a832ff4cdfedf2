"""The predictor: texts to scores, probabilities and findings, by a loaded model.

It gives the numbers of the scikit-learn pipeline that it was made from without
importing scikit-learn. Whatever depends on a word alone, its n-grams and their rows in the
weight matrix, is looked up once and remembered.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rejectnlp.accounts import (
    UNTOLD,
    Account,
    Sentence,
    check_texts,
    note_text,
    split_sentences,
)
from rejectnlp.codebook import Codebook
from rejectnlp.decisions import choose_causes
from rejectnlp.evidence import Finding, choose_evidence
from rejectnlp.normalisation import WORD_PATTERN, normalise
from rejectnlp.settings import SETTINGS, asset_path
from rejectnlp.storage import Model, load_model

Floats = NDArray[np.float64]
_WORD = re.compile(WORD_PATTERN)
_MOST_REMEMBERED = 200_000  # tokens; bounds the memory at about 200 MB on endless input


def load(folder: str | Path | None = None) -> Tagger:
    """Open a model folder; without one, the model that ships with rejectnlp.

    Raises
    ------
    ModelError
        If there is no model there, or it is damaged.

    Examples
    --------
    >>> load().causes[:2]
    ('skills_gap', 'different_role')
    """
    return Tagger(load_model(Path(folder) if folder else asset_path("models", "default")))


class Tagger:
    """Tags accounts with causes, probabilities and evidence.

    A model of accounts that have just one cause each names the likeliest, always; any
    other is `unexplained` where no cause reaches its cut-off. Texts too short to tell
    anything, or not in English, are `unexplained` with all probabilities 0, and noted.

    Examples
    --------
    >>> finding = load().explain("They told me the job had gone to an internal candidate.")
    >>> finding.causes[0], finding.evidence[0].start
    ('pre_chosen_candidate', 0)
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._tokens: dict[str, _Token] = {}

    @property
    def codebook(self) -> Codebook:
        """The causes that this model knows, with all that is said about them."""
        return self.model.codebook

    @property
    def causes(self) -> tuple[str, ...]:
        """Ids of the causes, in the order of the columns of `predict_proba`."""
        return self.model.codebook.ids

    def predict_proba(self, texts: Iterable[str]) -> Floats:
        """Give the calibrated probability of every cause, shape (n_texts, n_causes)."""
        rows = [finding.probabilities for finding in self.find(_unnamed(texts))]
        return np.array([list(row.values()) for row in rows]).reshape(-1, len(self.causes))

    def predict(self, texts: Iterable[str]) -> list[tuple[str, ...]]:
        """Name the causes of each text, likeliest first; `("unexplained",)` for none."""
        return [finding.causes for finding in self.find(_unnamed(texts))]

    def explain(self, text: str) -> Finding:
        """Tag one text and say which sentences carry the tags."""
        return next(self.find(_unnamed([text])))

    def find(self, accounts: Iterable[Account]) -> Iterator[Finding]:
        """Tag accounts one after another, in order."""
        for account in accounts:
            note = note_text(account.text)
            whole, parts, sentences = self._score(account.text)
            probabilities = self._probabilities(whole, parts)
            if note in UNTOLD:  # Nothing was told that can be read, so nothing gives grounds.
                probabilities = np.zeros_like(probabilities)
            causes = self._choose(probabilities)
            weights = _sigmoid(parts[:, :-1] + SETTINGS.evidence_share * parts[:, -1:])
            yield Finding(
                id=account.id,
                text=account.text,
                causes=causes,
                probabilities=dict(zip(self.causes, probabilities.tolist(), strict=True)),
                evidence=choose_evidence(causes, self.causes, sentences, weights),
                whose_move=self.codebook.whose_move(causes),
                note=note,
            )

    def _choose(self, probabilities: Floats) -> tuple[str, ...]:
        if self.model.is_exclusive and probabilities.any():
            return (self.causes[int(probabilities.argmax())],)
        return choose_causes(
            dict(zip(self.causes, probabilities.tolist(), strict=True)),
            dict(zip(self.causes, self.model.cutoffs.tolist(), strict=True)),
        )

    def _probabilities(self, whole: Floats, parts: Floats) -> Floats:
        best = parts[:, :-1].max(axis=0)
        platt = self.model.platt
        p = _sigmoid(whole[:-1] * platt[:, 0] + best * platt[:, 1] + platt[:, 2])
        return p / max(p.sum(), 1e-12) if self.model.is_exclusive else p

    def _score(self, text: str) -> tuple[Floats, Floats, list[Sentence]]:
        """Score the whole text and each of its sentences, every cause and evidence."""
        text = text[: SETTINGS.longest_text]
        sentences = split_sentences(text) or [Sentence(text, 0, len(text))]
        whole = self._score_words(text)
        parts = np.array([self._score_words(s.text) for s in sentences])
        return whole, parts, sentences

    def _score_words(self, text: str) -> Floats:
        tokens = [self._look_up(token) for token in normalise(text).split()]
        words = [word for token in tokens for word in token.words]
        rows = [self._word_rows.get(gram) for gram in _word_ngrams(words, self.model.word_ngrams)]
        word_ids = np.array([row for row in rows if row is not None], dtype=np.int64)
        char_ids = np.concatenate([token.char_ids for token in tokens]) if tokens else word_ids[:0]
        for_words, for_chars = self.model.dampings
        return (
            self.model.intercepts
            + self._score_block(word_ids, for_words)
            + self._score_block(char_ids, for_chars)
        )

    def _score_block(self, ids: NDArray[np.int64], damping: float) -> Floats:
        """Weigh the n-grams of one block by sublinear TF-IDF, scaled towards length 1."""
        if not len(ids):
            return np.zeros(len(self.causes) + 1)
        rows, counts = np.unique(ids, return_counts=True)
        tfidf = (1.0 + np.log(counts)) * self.model.idf[rows]
        return (tfidf @ self.model.weights[rows]) / math.sqrt(float(tfidf @ tfidf) + damping)

    def _look_up(self, token: str) -> _Token:
        known = self._tokens.get(token)
        if known is None:
            if len(self._tokens) >= _MOST_REMEMBERED:
                self._tokens.clear()
            ids = [self._char_rows.get(g) for g in _char_ngrams(token, self.model.char_ngrams)]
            known = _Token(
                tuple(_WORD.findall(token)),
                np.array([i for i in ids if i is not None], dtype=np.int64),
            )
            self._tokens[token] = known
        return known

    @cached_property
    def _word_rows(self) -> dict[str, int]:
        return {gram: row for row, gram in enumerate(self.model.words)}

    @cached_property
    def _char_rows(self) -> dict[str, int]:
        return {gram: row for row, gram in enumerate(self.model.chars, len(self.model.words))}


def _unnamed(texts: Iterable[str]) -> list[Account]:
    return [Account("", text) for text in check_texts(texts)]


class _Token:
    """What is known of one whitespace-separated token: its words and character n-grams."""

    __slots__ = ("char_ids", "words")

    def __init__(self, words: tuple[str, ...], char_ids: NDArray[np.int64]) -> None:
        self.words = words
        self.char_ids = char_ids


def _word_ngrams(words: Sequence[str], lengths: tuple[int, int]) -> Iterator[str]:
    for n in range(lengths[0], lengths[1] + 1):
        for i in range(len(words) - n + 1):
            yield " ".join(words[i : i + n])


def _char_ngrams(token: str, lengths: tuple[int, int]) -> Iterator[str]:
    """Give the n-grams of a padded token as scikit-learn's `char_wb` does."""
    padded = f" {token} "
    for n in range(lengths[0], lengths[1] + 1):
        if n >= len(padded):
            # A token shorter than the n-gram counts once, by itself, and no longer ones.
            yield padded
            return
        for i in range(len(padded) - n + 1):
            yield padded[i : i + n]


def _sigmoid(x: Floats) -> Floats:
    # The clip keeps exp from overflowing; beyond it the result is 0 or 1 to the last bit.
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -700, 700))), dtype=np.float64)
