"""Train a model: labelled accounts in, a model folder out."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rejectnlp.accounts import split_sentences
from rejectnlp.classifier import CauseClassifier, Fragments
from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.dataset import Labelled
from rejectnlp.decisions import choose_precise_cutoff
from rejectnlp.errors import DataError
from rejectnlp.scores import calibration_error, macro_f1, name_most_frequent
from rejectnlp.settings import RANGES, SETTINGS, Settings
from rejectnlp.storage import Model

Report = Callable[[str], None]


def train(
    rows: Sequence[Labelled],
    codebook: Codebook,
    settings: Settings = SETTINGS,
    report: Report = lambda message: None,
) -> Model:
    """Learn a model from labelled rows; the test part is left out.

    Whole accounts teach the weights, the calibration and the cut-offs. Sentences,
    passages and the words marked in accounts teach the weights only.

    Parameters
    ----------
    rows
        Accounts, sentences and passages.
    codebook
        Causes in the order the model will have.
    report
        Called with a line of progress now and then.

    Raises
    ------
    DataError
        If there are too few accounts to learn and calibrate from.
    """
    rows = [row for row in rows if row.split != "test" and row.kind != "out_of_scope"]
    classifier, accounts = fit_classifier(rows, codebook, settings, report)
    about = describe(rows, codebook, settings)
    about["out_of_fold"] = _score_out_of_fold(classifier, targets(accounts, codebook))
    return to_model(classifier, codebook, about)


def fit_classifier(
    rows: Sequence[Labelled],
    codebook: Codebook,
    settings: Settings = SETTINGS,
    report: Report = lambda message: None,
) -> tuple[CauseClassifier, list[Labelled]]:
    """Fit the estimator on all of these rows; give it, and the accounts among them in order.

    Raises
    ------
    DataError
        If there are too few accounts to learn and calibrate from.
    """
    accounts = [row for row in rows if row.kind == "account"]
    _check_enough(accounts, codebook, settings)
    groups = number_groups(rows)
    fragments = cut_fragments(rows, groups, codebook)
    report(f"learning from {len(accounts):,} accounts and {len(fragments.texts):,} sentences")
    classifier = make_classifier(settings).fit(
        [row.text for row in accounts],
        _labels(accounts, codebook),
        groups=np.array([groups[row.id] for row in accounts]),
        fragments=fragments,
        report=report,
    )
    return classifier, accounts


def _score_out_of_fold(classifier: CauseClassifier, Y: NDArray[np.int8]) -> dict[str, object]:
    P = classifier.out_of_fold_
    if classifier.is_exclusive_:
        named = np.eye(P.shape[1], dtype=np.int8)[P.argmax(axis=1)]
    else:
        named = (classifier.cutoffs_ <= P).astype(np.int8)
    counted = np.flatnonzero(Y.sum(axis=0) >= SETTINGS.fewest_positives)
    return {
        "n_accounts": len(Y),
        "n_causes": len(counted),
        "macro_f1": macro_f1(Y, named, counted),
        "majority_macro_f1": macro_f1(Y, name_most_frequent(Y), counted),
        "mean_calibration_error": float(
            np.mean([calibration_error(P[:, c], Y[:, c]) for c in range(P.shape[1])])
        ),
    }


def make_classifier(settings: Settings) -> CauseClassifier:
    """Give the untrained estimator that these settings ask for."""
    return CauseClassifier(
        C=settings.C,
        balance=settings.balance,
        damping=settings.damping,
        fragment_weight=settings.fragment_weight,
        words_weight=settings.words_weight,
        seed=settings.seed,
        n_jobs=settings.n_jobs,
    )


def _check_enough(accounts: Sequence[Labelled], codebook: Codebook, settings: Settings) -> None:
    if len(accounts) < settings.fewest_accounts:
        raise DataError(
            f"only {len(accounts)} accounts to train on, outside the test part",
            remedy=f"At least {settings.fewest_accounts} are needed, some hundreds to be useful.",
        )
    if len({label for row in accounts for label in row.labels}) < 2:
        raise DataError("all accounts have the same label; there is nothing to tell apart")


def _labels(accounts: Sequence[Labelled], codebook: Codebook) -> NDArray[Any]:
    """Give one label an account where there never is another number, else the indicator."""
    seen = {row.causes for row in accounts}
    if all(len(causes) == 1 for causes in seen) and len(seen) == len(codebook.ids) >= 2:
        # Codes, not names: the order of the columns stays the codebook's.
        column = {cause: c for c, cause in enumerate(codebook.ids)}
        return np.array([column[row.causes[0]] for row in accounts])
    return targets(accounts, codebook)


def targets(rows: Sequence[Labelled], codebook: Codebook) -> NDArray[np.int8]:
    """Give the indicator of causes, shape (n_rows, n_causes)."""
    return indicate([row.causes for row in rows], codebook)


def indicate(named: Sequence[Sequence[str]], codebook: Codebook) -> NDArray[np.int8]:
    """Give the indicator of named causes, shape (n_rows, n_causes)."""
    Y = [[cause in causes for cause in codebook.ids] for causes in named]
    return np.array(Y, dtype=np.int8).reshape(len(named), len(codebook.ids))


def number_groups(rows: Iterable[Labelled]) -> dict[str, int]:
    """Number what belongs together: rows that share a page or an author, also by detours."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    rows = list(rows)
    for row in rows:
        for group in row.groups:
            parent[root(group)] = root(f"row:{row.id}")
    numbers: dict[str, int] = {}
    return {row.id: numbers.setdefault(root(f"row:{row.id}"), len(numbers)) for row in rows}


def cut_fragments(
    rows: Sequence[Labelled], groups: dict[str, int], codebook: Codebook
) -> Fragments:
    """Cut what helps to learn: sentences of accounts, their marked words, and the bank."""
    texts: list[str] = []
    labels: list[tuple[str, ...]] = []
    owner: list[int] = []
    whole: list[bool] = []

    def add(text: str, causes: Iterable[str], group: int, is_whole: bool) -> None:
        texts.append(text)
        labels.append(tuple(causes))
        owner.append(group)
        whole.append(is_whole)

    for row in rows:
        if row.kind != "account":
            add(row.text, row.causes, -1, row.kind == "sentence")
        elif {e.cause for e in row.evidence} >= set(row.causes):
            # Else sentences that nobody marked would speak against a cause of the account.
            for s in split_sentences(row.text):
                marked = {e.cause for e in row.evidence if e.start < s.end and s.start < e.end}
                add(s.text, sorted(marked), groups[row.id], True)
            for span in row.evidence:
                add(row.text[span.start : span.end], [span.cause], groups[row.id], False)
    return Fragments(
        texts, indicate(labels, codebook), np.array(owner, np.int64), np.array(whole, bool)
    )


def to_model(classifier: CauseClassifier, codebook: Codebook, about: dict[str, object]) -> Model:
    """Take from a fitted classifier what prediction needs."""
    features = classifier.features_
    words, chars = features.words_, features.chars_
    # The commonest n-grams first: what is used together lies together in memory.
    by_words, by_chars = (np.argsort(block.idf_, kind="stable") for block in (words, chars))
    order = np.concatenate([by_words, by_chars + len(by_words)])
    return Model(
        codebook=codebook,
        words=words.get_feature_names_out()[by_words].tolist(),
        chars=chars.get_feature_names_out()[by_chars].tolist(),
        weights=classifier.coef_.T[order].astype(np.float32),
        idf=np.concatenate([words.idf_, chars.idf_])[order],
        intercepts=classifier.intercept_,
        platt=classifier.platt_,
        cutoffs=classifier.cutoffs_,
        precise_cutoffs=np.array(
            [
                [choose_precise_cutoff(p, precision) for p in classifier.out_of_fold_.T]
                for precision in SETTINGS.precisions
            ]
        ),
        is_exclusive=classifier.is_exclusive_,
        word_ngrams=features.word_ngrams,
        char_ngrams=features.char_ngrams,
        dampings=features.dampings_,
        about=about,
    )


def describe(rows: Sequence[Labelled], codebook: Codebook, settings: Settings) -> dict[str, object]:
    """Say where a model comes from, without a word of any account."""
    kinds = sorted({row.kind for row in rows})
    return {
        "release": version("rejectnlp"),
        "codebook_version": codebook.version,
        "settings": {name: getattr(settings, name) for name in RANGES if name != "n_jobs"},
        "data": {
            "sha256": fingerprint(rows),
            **{f"n_{kind}s": sum(row.kind == kind for row in rows) for kind in kinds},
            "n_accounts_per_cause": {
                cause: sum(row.kind == "account" and cause in row.labels for row in rows)
                for cause in (*codebook.ids, UNEXPLAINED)
            },
        },
        "libraries": {name: version(name) for name in ("numpy", "scipy", "scikit-learn")}
        | {"python": platform.python_version()},
    }


def fingerprint(rows: Iterable[Labelled]) -> str:
    """Give the SHA-256 of all of the rows that a training sees, in any order."""
    lines = sorted(
        json.dumps(
            [r.id, r.kind, r.split, r.text, r.labels, [vars(e) for e in r.evidence], r.groups]
        )
        for r in rows
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
