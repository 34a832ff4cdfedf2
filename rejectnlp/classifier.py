"""Calibrated probabilities of causes from texts: the estimator that learns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from rejectnlp.accounts import check_texts, split_sentences
from rejectnlp.decisions import choose_cutoff
from rejectnlp.features import TextFeatures
from rejectnlp.settings import SETTINGS

Floats = NDArray[np.float64]
_NO_TEXTS = "Found array with 0 sample(s) while a minimum of 1 is required."
_OWN_INTERCEPT = 2.0  # scales the intercepts' columns: they are held back less than the slopes


@dataclass(frozen=True)
class Fragments:
    """Labelled sentences and marked words that help to learn and are not accounts.

    Parameters
    ----------
    texts
        One text a fragment.
    Y
        Indicator of the causes each one gives grounds for, shape (n_fragments, n_causes).
    groups
        Fold group of the account it was cut from, -1 where it was written by itself.
    is_whole
        True for a whole sentence, which may teach what evidence looks like;
        False for bare marked words.
    """

    texts: Sequence[str]
    Y: NDArray[np.int8]
    groups: NDArray[np.int64]
    is_whole: NDArray[np.bool_]


class CauseClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """TF-IDF and one logistic regression a cause, calibrated out of fold.

    Every cause has a score for the whole account and one for its best sentence,
    both from the same weights; a Platt scaling of the two, learned on accounts that
    the weights have not seen, joins them into a probability. Cut-offs are chosen on
    the same out-of-fold probabilities.

    Parameters
    ----------
    C
        Inverse strength of regularisation of the weights.
    balance
        0 leaves rare causes rare, 1 weighs both sides of each cause alike.
    fragment_weight, words_weight
        Weight of a whole sentence and of bare marked words, an account's being 1.
    word_ngrams, char_ngrams, min_words, min_chars, damping
        As in `TextFeatures`.
    n_folds
        Folds for calibration and cut-offs.
    seed
        Shuffles the folds.
    n_jobs
        Causes learned side by side; changes no number.

    Attributes
    ----------
    classes_ : array of shape (n_causes,)
    coef_ : float64 array of shape (n_causes + 1, n_features)
        The last row scores whether a sentence gives grounds for any cause at all.
        Rounded to float32, so that a saved model gives the same numbers.
    intercept_ : array of shape (n_causes + 1,)
    platt_ : array of shape (n_causes, 3)
        Slope of the account score, slope of the best sentence's, intercept; the slopes
        are the same for all causes.
    cutoffs_ : array of shape (n_causes,)
    out_of_fold_ : array of shape (n_accounts, n_causes)
        Probabilities of the training accounts, each by weights that never saw it.

    References
    ----------
    Platt, Probabilistic outputs for support vector machines (1999).
    Zaidan, Eisner & Piatko, Using "annotator rationales" (NAACL 2007).

    Examples
    --------
    >>> texts = ["they hired a cousin", "a cousin got it", "I froze", "my mind froze"] * 5
    >>> labels = ["insider", "insider", "nerves", "nerves"] * 5
    >>> model = CauseClassifier(n_folds=2).fit(texts, labels)
    >>> model.predict(["her cousin"]).tolist()
    ['insider']
    """

    def __init__(
        self,
        C: float = SETTINGS.C,
        balance: float = SETTINGS.balance,
        fragment_weight: float = SETTINGS.fragment_weight,
        words_weight: float = SETTINGS.words_weight,
        word_ngrams: tuple[int, int] = SETTINGS.word_ngrams,
        char_ngrams: tuple[int, int] = SETTINGS.char_ngrams,
        min_words: int = SETTINGS.min_words,
        min_chars: int = SETTINGS.min_chars,
        damping: float = SETTINGS.damping,
        n_folds: int = SETTINGS.n_folds,
        seed: int = SETTINGS.seed,
        n_jobs: int | None = None,
    ) -> None:
        self.C = C
        self.balance = balance
        self.fragment_weight = fragment_weight
        self.words_weight = words_weight
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.min_words = min_words
        self.min_chars = min_chars
        self.damping = damping
        self.n_folds = n_folds
        self.seed = seed
        self.n_jobs = n_jobs

    # ------------------------------------------------------------------ learning

    def fit(
        self,
        X: Sequence[str],
        y: ArrayLike,
        groups: ArrayLike | None = None,
        fragments: Fragments | None = None,
        report: Callable[[str], None] = lambda message: None,
    ) -> Self:
        """Learn weights, calibration and cut-offs.

        Parameters
        ----------
        X
            Accounts.
        y
            One label an account, or an indicator matrix of shape (n_accounts, n_causes).
        groups
            Integers; accounts of one group are never torn apart by the folds.
        fragments
            Further material to learn from.
        report
            Called with a line of progress at each step.
        """
        X = check_texts(X)
        if not X:
            raise ValueError(_NO_TEXTS)
        Y = self._read_targets(y, len(X))
        fragments = fragments or _no_fragments(Y.shape[1])
        groups = np.arange(len(X)) if groups is None else np.asarray(groups)

        # The vocabulary sees no labels, so the folds may share it. Sentences cut from accounts
        # stay out: counted again, the words of one account would seem to be those of two.
        alone = [t for t, group in zip(fragments.texts, fragments.groups, strict=True) if group < 0]
        self.features_ = TextFeatures(
            self.word_ngrams, self.char_ngrams, self.min_words, self.min_chars, self.damping
        ).fit([*X, *alone])
        material = _Material(
            texts=_Texts.of(X, self.features_),
            fragments=self.features_.transform(fragments.texts),
            Y=Y,
            groups=groups,
            extra=fragments,
        )
        held_out = self._score_out_of_fold(material, report)
        self.platt_ = fit_platt(held_out, Y)
        self.out_of_fold_ = apply_platt(held_out, self.platt_)
        if self.is_exclusive_:
            self.out_of_fold_ = normalise_rows(self.out_of_fold_)
        self.cutoffs_ = np.array(
            [choose_cutoff(self.out_of_fold_[:, c], Y[:, c]) for c in range(Y.shape[1])]
        )
        report("learning the weights")
        self.coef_, self.intercept_ = self._learn_weights(material, np.full(len(X), True))
        return self

    def _read_targets(self, y: ArrayLike, n_texts: int) -> NDArray[np.int8]:
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        check_classification_targets(y)
        y = np.asarray(y)
        if len(y) != n_texts:
            raise ValueError(f"{n_texts} texts but {len(y)} labels")
        self.is_exclusive_ = y.ndim == 1
        if self.is_exclusive_:
            self.classes_, codes = np.unique(y, return_inverse=True)
            if len(self.classes_) < 2:
                raise ValueError("the labels are all of one class; at least two are needed")
            return np.eye(len(self.classes_), dtype=np.int8)[codes]
        self.classes_ = np.arange(y.shape[1])
        return y.astype(np.int8)

    def _score_out_of_fold(self, material: _Material, report: Callable[[str], None]) -> Floats:
        """Give account and best-sentence scores by weights that never saw the account."""
        n, k = material.Y.shape
        scores = np.zeros((n, k, 2))
        n_folds = min(self.n_folds, len(np.unique(material.groups)))
        if n_folds < 2:
            raise ValueError("at least two groups of texts are needed to calibrate")
        folds = GroupKFold(n_folds, shuffle=True, random_state=self.seed)
        parts = folds.split(material.Y, groups=material.groups)
        for fold, (seen, unseen) in enumerate(parts, 1):
            report(f"calibrating, fold {fold} of {n_folds}")
            keep = np.full(n, False)
            keep[seen] = True
            coef, intercept = self._learn_weights(material, keep)
            scores[unseen] = material.texts.score(unseen, coef[:k], intercept[:k])
        return scores

    def _learn_weights(self, material: _Material, keep: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Learn one row of weights a cause, and one for evidence, from the kept accounts."""
        own = np.isin(material.extra.groups, material.groups[keep])
        use = own | (material.extra.groups < 0)
        X = sparse.vstack([material.texts.accounts[keep], material.fragments[use]], format="csr")
        X.sum_duplicates()  # liblinear's door would do it in place, in two threads at once
        Y = np.vstack([material.Y[keep], material.extra.Y[use]])
        whole = material.extra.is_whole[use]
        weight = np.ones(len(Y))
        weight[keep.sum() :] = np.where(whole, self.fragment_weight, self.words_weight)
        tasks = [(X, Y[:, c], weight) for c in range(Y.shape[1])]
        # What evidence looks like is learned from whole sentences alone.
        sentence = np.concatenate([np.full(keep.sum(), False), whole])
        tasks.append((X[sentence], Y[sentence].any(axis=1).astype(np.int8), weight[sentence]))
        # Processes, for liblinear draws from one source of chance that threads would share:
        # the same data has to give the same model.
        rows = Parallel(n_jobs=self.n_jobs, prefer="processes")(
            delayed(_fit_one)(*task, C=self.C, balance=self.balance) for task in tasks
        )
        coef = np.array([row[0] for row in rows])
        return coef.astype(np.float32).astype(np.float64), np.array([row[1] for row in rows])

    # ---------------------------------------------------------------- predicting

    def decision_scores(self, X: Sequence[str]) -> Floats:
        """Give the uncalibrated scores: shape (n_texts, n_causes, 2), account then sentence."""
        check_is_fitted(self)
        X = check_texts(X)
        if not X:
            raise ValueError(_NO_TEXTS)
        k = len(self.platt_)
        texts = _Texts.of(X, self.features_)
        return texts.score(np.arange(len(X)), self.coef_[:k], self.intercept_[:k])

    def predict_proba(self, X: Sequence[str]) -> Floats:
        """Give calibrated probabilities, shape (n_texts, n_causes).

        With one label a text the rows sum to 1; with several each cause stands alone.
        """
        probabilities = apply_platt(self.decision_scores(X), self.platt_)
        if self.is_exclusive_:
            probabilities = normalise_rows(probabilities)
        return probabilities

    def predict(self, X: Sequence[str]) -> NDArray[Any]:
        """Give the likeliest label a text, or the indicator of causes above their cut-offs."""
        probabilities = self.predict_proba(X)
        if self.is_exclusive_:
            return np.asarray(self.classes_[probabilities.argmax(axis=1)])
        return (probabilities >= self.cutoffs_).astype(np.int64)

    def __sklearn_tags__(self) -> Any:
        """Say that texts are taken, one a row, and that several labels may be."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_label = True
        return tags


@dataclass(frozen=True)
class Sentences:
    """The sentences of many accounts in one list, each with the place of its account."""

    texts: list[str]
    owner: NDArray[np.int64]

    @classmethod
    def of(cls, accounts: Sequence[str]) -> Sentences:
        """Split accounts; an account without a sentence stands for itself."""
        texts: list[str] = []
        owner: list[int] = []
        for i, account in enumerate(accounts):
            own = [s.text for s in split_sentences(account)] or [account]
            texts += own
            owner += [i] * len(own)
        return cls(texts, np.array(owner, dtype=np.int64))


@dataclass(frozen=True)
class _Texts:
    """The features of accounts and of their sentences; `owner` is a sentence's account."""

    accounts: sparse.csr_matrix
    sentences: sparse.csr_matrix
    owner: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str], features: TextFeatures) -> _Texts:
        sentences = Sentences.of(texts)
        return cls(features.transform(texts), features.transform(sentences.texts), sentences.owner)

    def score(self, which: NDArray[np.int64], coef: Floats, intercept: Floats) -> Floats:
        """Score some accounts (in rising order) and the best of each one's sentences."""
        account = self.accounts[which] @ coef.T + intercept
        mine = np.flatnonzero(np.isin(self.owner, which))
        sentence = self.sentences[mine] @ coef.T + intercept
        starts = np.searchsorted(self.owner[mine], which)
        return np.stack([account, np.maximum.reduceat(sentence, starts, axis=0)], axis=2)


@dataclass(frozen=True)
class _Material:
    """What training and its folds share."""

    texts: _Texts
    fragments: sparse.csr_matrix
    Y: NDArray[np.int8]
    groups: NDArray[np.int64]
    extra: Fragments


def _fit_one(
    X: sparse.csr_matrix, y: NDArray[np.int8], weight: Floats, *, C: float, balance: float
) -> tuple[Floats, float]:
    """Fit the weights of one cause; a cause never (or always) seen keeps a flat score."""
    n_yes, n_no = (weight * y).sum(), (weight * (1 - y)).sum()
    if not n_yes or not n_no:
        return np.zeros(X.shape[1]), -5.0 if not n_yes else 5.0
    # The power moves smoothly from the data's own balance (0) to equal sides (1).
    total = n_yes + n_no
    classes = {1: (total / (2 * n_yes)) ** balance, 0: (total / (2 * n_no)) ** balance}
    # The dual form is the quick one here, with several features for every text; to this
    # tolerance its scores differ from the exact ones by some thousandths.
    model = LogisticRegression(
        C=C,
        solver="liblinear",
        dual=True,
        tol=1e-2,
        max_iter=1000,
        class_weight=classes,
        random_state=0,
    )
    model.fit(X, y, sample_weight=weight)
    return model.coef_[0], float(model.intercept_[0])


def fit_platt(scores: Floats, Y: NDArray[np.int8]) -> Floats:
    """Learn the slopes and intercepts that turn two scores into probabilities.

    All causes share the slopes and each has an intercept of its own: a cause with a dozen
    accounts cannot support three numbers, and borrows two from the others.

    Parameters
    ----------
    scores
        Account and best-sentence scores, shape (n, k, 2).
    Y
        Whether each cause holds, shape (n, k).

    Returns
    -------
    array of shape (k, 3)
        Slope of the account score, slope of the best sentence's, intercept.
    """
    n, k = Y.shape
    platt = np.zeros((k, 3))
    varied = np.flatnonzero((Y.min(axis=0) < Y.max(axis=0)) if n else np.zeros(k, bool))
    platt[:, 2] = np.where(Y.any(axis=0), 5.0, -5.0)  # of causes that all have, or none
    if len(varied):
        own = np.broadcast_to(np.eye(len(varied)) * _OWN_INTERCEPT, (n, len(varied), len(varied)))
        X = np.concatenate([scores[:, varied], own], axis=2).reshape(n * len(varied), -1)
        model = LogisticRegression(C=1.0, max_iter=2000).fit(X, Y[:, varied].ravel())
        platt[varied, :2] = model.coef_[0, :2]
        platt[varied, 2] = model.coef_[0, 2:] * _OWN_INTERCEPT + model.intercept_[0]
    return platt


def apply_platt(scores: Floats, platt: Floats) -> Floats:
    """Turn scores of shape (n, k, 2) into probabilities of shape (n, k)."""
    return np.asarray(expit((scores * platt[:, :2]).sum(axis=2) + platt[:, 2]))


def normalise_rows(probabilities: Floats) -> Floats:
    """Make rows sum to 1."""
    return np.asarray(probabilities / np.maximum(probabilities.sum(axis=1, keepdims=True), 1e-12))


def _no_fragments(n_causes: int) -> Fragments:
    nothing = np.zeros(0, dtype=np.int64)
    return Fragments([], np.zeros((0, n_causes), np.int8), nothing, nothing.astype(bool))
