"""A trained model as scikit-learn objects: its pipeline to look into, or a file to take along."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from math import sqrt
from pathlib import Path
from typing import Any, Self

import joblib
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import LabelBinarizer, Normalizer

from rejectnlp.accounts import UNTOLD, check_texts, note_text
from rejectnlp.classifier import Sentences, apply_platt, normalise_rows
from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.errors import UsageError, suggest
from rejectnlp.files import check_target
from rejectnlp.files.targets import explained, open_target
from rejectnlp.normalisation import WORD_PATTERN, normalise
from rejectnlp.settings import SETTINGS
from rejectnlp.storage import Model

Floats = NDArray[np.float64]

KINDS = ("joblib", "skops")
"""Formats that a model can be exported to."""

TRUSTED = ("rejectnlp.export.ExportedTagger",)
"""What a reader of a skops file has to allow: `skops.io.load(file, trusted=TRUSTED)`."""

NO_ONNX = (
    "ONNX cannot hold this model: its operators cut no text into sentences, count no "
    "characters within words and have no rule for texts that are not English, so that its "
    "probabilities would be others"
)

JOBLIB_WARNING = (
    "warning: a joblib file runs what it holds when it is loaded. Load only files that you made "
    "yourself, with the same scikit-learn; to hand a model on, give away its folder or use skops."
)


def to_pipeline(model: Model) -> Pipeline:
    """Give the weights of a model as a fitted pipeline of scikit-learn's own classes.

    TF-IDF of words and of characters, then one logistic regression a cause. Its
    `decision_function` gives the scores of whole texts, before the best sentence and the
    calibration are counted in: to look into and to build upon. The tagger's probabilities
    come from `ExportedTagger`.

    Examples
    --------
    >>> from rejectnlp import load
    >>> pipeline = to_pipeline(load().model)
    >>> scores = pipeline.decision_function(["It went to an internal candidate."])
    >>> str(pipeline.classes_[scores.argmax()])
    'pre_chosen_candidate'
    """
    n_words = len(model.words)
    features = FeatureUnion(
        [
            ("words", _make_block(model, slice(0, n_words), token_pattern=WORD_PATTERN)),
            ("chars", _make_block(model, slice(n_words, None), analyzer="char_wb")),
        ]
    )
    return Pipeline([("features", features), ("causes", _make_regressions(model))])


def _make_block(model: Model, rows: slice, **options: Any) -> Pipeline:
    """Rebuild one block: TF-IDF, scaled to length 1 together with a constant.

    The constant is the damping: a text's own part of that length shrinks as the text does.
    """
    is_words = rows.start == 0
    ngrams = TfidfVectorizer(
        preprocessor=normalise,
        ngram_range=model.word_ngrams if is_words else model.char_ngrams,
        vocabulary=model.words if is_words else model.chars,
        sublinear_tf=True,
        norm=None,
        dtype=np.float64,
        **options,
    )
    ngrams.idf_ = np.array(model.idf[rows])
    # Of every text, r"\A" matches once: a column of ones.
    one = CountVectorizer(token_pattern=r"\A", vocabulary=["damping"], lowercase=False)
    one.vocabulary_, one.fixed_vocabulary_ = {"": 0}, True
    damping = model.dampings[0 if is_words else 1]
    joined = FeatureUnion(
        [("ngrams", ngrams), ("damping", one)], transformer_weights={"damping": sqrt(damping)}
    )
    scale = Normalizer()
    scale.n_features_in_ = len(ngrams.vocabulary_) + 1
    return Pipeline([("tfidf", joined), ("scale", scale)])


def _make_regressions(model: Model) -> OneVsRestClassifier:
    n_words, k = len(model.words), len(model.codebook.ids)
    weights = np.asarray(model.weights[:, :k], dtype=np.float64)
    nothing = np.zeros((1, k))  # the weight of each block's constant
    coef = np.vstack([weights[:n_words], nothing, weights[n_words:], nothing]).T
    regressions = OneVsRestClassifier(LogisticRegression(solver="liblinear"))
    regressions.label_binarizer_ = LabelBinarizer(sparse_output=True).fit(np.eye(k, dtype=int))
    regressions.classes_ = np.array(model.codebook.ids)
    regressions.estimators_ = [_make_regression(coef[c], model.intercepts[c]) for c in range(k)]
    return regressions


def _make_regression(coef: Floats, intercept: float) -> LogisticRegression:
    regression = LogisticRegression(solver="liblinear")
    regression.classes_ = np.array([0, 1])
    regression.coef_, regression.intercept_ = coef[None, :], np.array([intercept])
    regression.n_features_in_ = len(coef)
    return regression


def list_strongest(model: Model, cause: str, n: int = 10) -> list[tuple[str, float]]:
    """List the words and pairs of words that speak most for a cause, with their weights.

    Each weight is multiplied by the n-gram's IDF: what one mention adds, before scaling.
    They show what the model listens to. The reason for a tag is its sentence, not these.

    Examples
    --------
    >>> from rejectnlp import load
    >>> [word for word, _ in list_strongest(load().model, "pre_chosen_candidate", 2)]
    ['for show', 'from within']
    """
    n_words = len(model.words)
    column = model.weights[:n_words, model.codebook.ids.index(cause)] * model.idf[:n_words]
    order = np.argsort(-column, kind="stable")[:n]
    return [(model.words[i], float(column[i])) for i in order]


class ExportedTagger(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A trained model as a scikit-learn classifier, with the tagger's probabilities.

    It has learned already: `fit` changes nothing and a clone is the thing itself, as with
    scikit-learn's `FrozenEstimator`. In a file it is plain arrays and text.

    Parameters
    ----------
    model
        As `rejectnlp.storage.load_model` gives it.

    Examples
    --------
    >>> from rejectnlp import load
    >>> estimator = ExportedTagger(load().model)
    >>> estimator.predict_proba(["It went to an internal candidate."]).shape
    (1, 13)
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    @property
    def classes_(self) -> NDArray[Any]:
        """Ids of the causes, in the order of the columns."""
        return np.array(self.model.codebook.ids)

    @cached_property
    def scores_(self) -> Pipeline:
        """The pipeline that scores whole texts and single sentences, as `to_pipeline` gives it."""
        return to_pipeline(self.model)

    def fit(self, X: Sequence[str], y: ArrayLike | None = None) -> Self:
        """Give itself: all is learned."""
        return self

    def predict_proba(self, X: Sequence[str]) -> Floats:
        """Give the calibrated probability of every cause, shape (n_texts, n_causes)."""
        texts = [text[: SETTINGS.longest_text] for text in check_texts(X)]
        if not texts:
            return np.zeros((0, len(self.classes_)))
        sentences = Sentences.of(texts)
        starts = np.searchsorted(sentences.owner, np.arange(len(texts)))
        best = np.maximum.reduceat(self._score(sentences.texts), starts, axis=0)
        P = apply_platt(np.stack([self._score(texts), best], axis=2), self.model.platt)
        if self.model.is_exclusive:
            P = normalise_rows(P)
        P[[note_text(text) in UNTOLD for text in texts]] = 0.0
        return P

    def predict(self, X: Sequence[str]) -> NDArray[Any]:
        """Give the indicator of causes above their cut-offs, or the likeliest cause a text."""
        P = self.predict_proba(X)
        if not self.model.is_exclusive:
            return np.asarray(self.model.cutoffs <= P, dtype=np.int64)
        return np.where(P.any(axis=1), self.classes_[P.argmax(axis=1)], UNEXPLAINED)

    def _score(self, texts: Sequence[str]) -> Floats:
        scores = self.scores_.decision_function(texts)
        return np.asarray(scores).reshape(len(texts), len(self.classes_))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Give nothing: there is nothing to set."""
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return pack_model(self.model)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.model = unpack_model(state)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_clone__(self) -> Self:
        return self

    def __sklearn_tags__(self) -> Any:
        """Say that texts are taken, one a row, and that several labels may be."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_label = not self.model.is_exclusive
        return tags


def pack_model(model: Model) -> dict[str, Any]:
    """Give a model as arrays, texts and numbers alone, for a file that has no other types."""
    parts = {field.name: getattr(model, field.name) for field in fields(model)}
    arrays = {name: np.array(v) for name, v in parts.items() if isinstance(v, np.ndarray)}
    return (
        parts
        | arrays
        | {
            "words": "\n".join(model.words),
            "chars": "\n".join(model.chars),
            "codebook": json.dumps(model.codebook.to_dict()),
            "about": json.dumps(model.about),
        }
    )


def unpack_model(parts: Mapping[str, Any]) -> Model:
    """Build a model from what `pack_model` gives."""
    texts = {
        "words": parts["words"].split("\n"),
        "chars": parts["chars"].split("\n"),
        "codebook": Codebook.from_dict(json.loads(parts["codebook"])),
        "about": json.loads(parts["about"]),
    }
    return Model(**{**parts, **texts})


def check_kind(kind: str) -> None:
    """Refuse a format that a model cannot be exported to, before anything is made.

    Examples
    --------
    >>> check_kind("job")
    Traceback (most recent call last):
    rejectnlp.errors.UsageError: no format 'job'. Did you mean 'joblib'? Formats: joblib, skops.
    """
    if kind == "onnx":
        raise UsageError(NO_ONNX, remedy=f"Formats: {', '.join(KINDS)}.")
    if kind not in KINDS:
        remedy = f"{suggest(kind, KINDS)}Formats: {', '.join(KINDS)}."
        raise UsageError(f"no format '{kind}'", remedy=remedy)


def write_export(model: Model, out: Path, kind: str, *, force: bool = False) -> None:
    """Write a model as one file that gives back its `ExportedTagger`, whole or not at all.

    Parameters
    ----------
    kind
        `joblib`, which runs what it holds when it is loaded; or `skops`, which asks first.

    Raises
    ------
    UsageError, OutputError
        If there is no such format, skops is not installed, or the place is taken.
    """
    check_kind(kind)
    target = check_target(out, force)
    dump = _find_dump(kind)
    estimator = ExportedTagger(model)
    with explained(target), open_target(target) as stream:
        dump(estimator, stream)


def _find_dump(kind: str) -> Any:
    if kind == "joblib":
        return lambda estimator, stream: joblib.dump(estimator, stream, compress=3)
    try:
        from skops.io import dump
    except ImportError as error:
        raise UsageError(
            "skops is not installed", remedy="Install it: pip install 'rejectnlp[export]'."
        ) from error
    return dump
