"""How good the tags are: scores on accounts the model never saw, beside simple rivals."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rejectnlp.accounts import Account
from rejectnlp.codebook import Codebook, read_codebook
from rejectnlp.dataset import SPLITS, Labelled, read_rows
from rejectnlp.errors import DataError, UsageError
from rejectnlp.evidence import Finding
from rejectnlp.scorer import Tagger
from rejectnlp.scores import calibration_error, macro_f1, micro_f1, name_most_frequent
from rejectnlp.settings import SETTINGS, asset_path
from rejectnlp.training import fingerprint, indicate, number_groups, targets

Floats = NDArray[np.float64]
Marks = NDArray[np.int8]
Report = Callable[[str], None]


@dataclass(frozen=True)
class CauseScore:
    """Scores of one cause: how many accounts have it, and how well it is found."""

    cause: str
    n_accounts: int
    precision: float
    recall: float
    f1: float
    calibration_error: float


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % bootstrap interval over groups of accounts."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OperatingPoint:
    """What naming fewer and surer causes comes to.

    Parameters
    ----------
    promised
        The precision asked for.
    n_named
        Tags given, all causes together.
    precision
        Share of them that are right; 0 where there is none.
    recall
        Share of all causes labelled that are found.
    share_of_accounts
        Accounts that get a tag at all; the others are left to a reader.
    """

    promised: float
    n_named: int
    precision: float
    recall: float
    share_of_accounts: float


@dataclass(frozen=True)
class Evaluation:
    """What `rejectnlp evaluate` says; every figure with the accounts behind it.

    `evidence_hits` is the share of rightly named causes whose first sentence shown
    overlaps the words that a reader marked; None where no words are marked.
    `hard_cases` counts the codebook's decided cases that come out right, and all of them.
    """

    n_accounts: int
    n_groups: int
    counted: tuple[str, ...]
    causes: tuple[CauseScore, ...]
    macro_f1: Interval
    core_f1: Interval | None
    micro_f1: Interval
    unexplained: CauseScore
    mean_calibration_error: float
    baselines: Mapping[str, float]
    evidence_hits: float | None
    n_evidence: int
    hard_cases: tuple[int, int] | None = None
    operating_points: tuple[OperatingPoint, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the evaluation as plain values for JSON."""
        return asdict(self)


def evaluate(
    rows: Sequence[Labelled],
    tagger: Tagger,
    *,
    split: str | None = None,
    report: Report = lambda message: None,
) -> Evaluation:
    """Score a model on labelled accounts.

    Parameters
    ----------
    rows
        Labelled rows. Only accounts are scored; other rows of other splits train
        the stock rival.
    split
        Which part is scored; None scores the test part, or every account where none is
        marked as such.

    Raises
    ------
    DataError
        If no account of that split is there, or its causes are not the model's.
    """
    codebook = tagger.codebook
    if split is None and any(row.split == "test" for row in rows):
        split = "test"
    accounts = [r for r in rows if r.kind == "account" and split in (None, r.split)]
    if split not in (None, *SPLITS):
        raise UsageError(f"no part '{split}'", remedy=f"Parts: {', '.join(SPLITS)}.")
    if not accounts:
        raise DataError(f"no accounts to score{f' in the {split} part' if split else ''}")
    others = [r for r in rows if split and r.split not in ("test", split)]
    report(f"scoring {len(accounts):,} accounts" + (f" of the {split} part" if split else ""))
    if is_known(rows, split, tagger):
        report("warning: the model learned from these accounts; the scores are far too good")
    findings = list(tagger.find([Account(row.id, row.text) for row in accounts]))
    P = np.array([[f.probabilities[c] for c in codebook.ids] for f in findings])
    predicted = indicate([f.causes for f in findings], codebook)
    Y = targets(accounts, codebook)
    groups = number_groups(accounts)
    owner = np.array([groups[row.id] for row in accounts])
    report("training the stock rival")
    baselines = {
        "majority": name_most_frequent(Y),
        **_keywords_rival([r.text for r in accounts], codebook),
        "stock TF-IDF + LR": predict_stock(accounts, others, codebook, owner),
    }
    hits = [hit for row, f in zip(accounts, findings, strict=True) for hit in list_hits(row, f)]
    evaluation = score(codebook, Y, P, predicted, owner, baselines, hits)
    return replace(
        evaluation,
        hard_cases=count_hard_cases(tagger),
        operating_points=_measure_operating_points(tagger, Y, P),
    )


def _measure_operating_points(tagger: Tagger, Y: Marks, P: Floats) -> tuple[OperatingPoint, ...]:
    points = []
    for promised, cutoffs in zip(SETTINGS.precisions, tagger.model.precise_cutoffs, strict=True):
        named = cutoffs <= P
        if tagger.model.is_exclusive:  # Only the likeliest is ever named.
            named &= np.eye(P.shape[1], dtype=bool)[P.argmax(axis=1)]
        n_named, right = int(named.sum()), int((named & (Y == 1)).sum())
        points.append(
            OperatingPoint(
                promised,
                n_named,
                right / max(1, n_named),
                right / max(1, int(Y.sum())),
                float(named.any(axis=1).mean()),
            )
        )
    return tuple(points)


def is_known(rows: Sequence[Labelled], split: str | None, tagger: Tagger) -> bool:
    """Tell whether these rows are the ones that a model learned from."""
    if split == "test" or (split is None and any(row.split == "test" for row in rows)):
        return False
    learned = [row for row in rows if row.split != "test" and row.kind != "out_of_scope"]
    data = tagger.model.about.get("data", {})
    return bool(data) and data.get("sha256") == fingerprint(learned)


def count_hard_cases(tagger: Tagger) -> tuple[int, int] | None:
    """Count the codebook's hard cases that a model decides as the codebook does.

    Returns
    -------
    tuple of int or None
        Right ones and all; None for a model of other causes.
    """
    if tagger.causes != read_codebook().ids:
        return None
    cases = read_rows([asset_path("data", "hard_cases.jsonl")])
    named = tagger.predict([case.text for case in cases])
    right = [set(case.labels) == set(n) for case, n in zip(cases, named, strict=True)]
    return sum(right), len(right)


def score(
    codebook: Codebook,
    Y: Marks,
    P: Floats,
    predicted: Marks,
    owner: NDArray[np.int64],
    baselines: Mapping[str, Marks],
    hits: Sequence[bool] = (),
) -> Evaluation:
    """Put the scores of predictions together.

    Parameters
    ----------
    Y, predicted
        True and named causes, shape (n_accounts, n_causes).
    P
        Probabilities, same shape.
    owner
        Group of each account; the bootstrap draws groups.
    baselines
        Name to the causes a simple rival names.
    hits
        Whether the first sentence shown for each right cause overlaps marked words.
    """
    n_each = Y.sum(axis=0)
    counted = np.flatnonzero(n_each >= SETTINGS.fewest_positives)
    core = np.array([c for c in counted if codebook.causes[c].is_core], dtype=int)
    macro = _bootstrap(lambda y, p: macro_f1(y, p, counted), Y, predicted, owner)
    none_true, none_named = ~Y.any(axis=1), ~predicted.any(axis=1)
    return Evaluation(
        n_accounts=len(Y),
        n_groups=len(np.unique(owner)),
        counted=tuple(codebook.ids[c] for c in counted),
        causes=tuple(
            _score_cause(cause, Y[:, c], predicted[:, c], P[:, c])
            for c, cause in enumerate(codebook.ids)
        ),
        macro_f1=macro,
        core_f1=_bootstrap(lambda y, p: macro_f1(y, p, core), Y, predicted, owner)
        if len(core)
        else None,
        micro_f1=_bootstrap(micro_f1, Y, predicted, owner),
        unexplained=_score_cause(
            "unexplained",
            np.asarray(none_true, dtype=np.int8),
            np.asarray(none_named, dtype=np.int8),
            np.prod(1 - P, axis=1),
        ),
        mean_calibration_error=float(
            np.mean([calibration_error(P[:, c], Y[:, c]) for c in range(Y.shape[1])])
        ),
        baselines={name: macro_f1(Y, marks, counted) for name, marks in baselines.items()},
        evidence_hits=float(np.mean(hits)) if hits else None,
        n_evidence=len(hits),
    )


def _score_cause(cause: str, y: Marks, named: Marks, p: Floats) -> CauseScore:
    right = int((y & named).sum())
    n_named, n_true = int(named.sum()), int(y.sum())
    return CauseScore(
        cause,
        n_true,
        right / n_named if n_named else 0.0,
        right / n_true if n_true else 0.0,
        2 * right / (n_named + n_true) if n_named + n_true else 0.0,
        calibration_error(p, y),
    )


def _bootstrap(
    figure: Callable[[Marks, Marks], float], Y: Marks, named: Marks, owner: NDArray[np.int64]
) -> Interval:
    """Draw groups with replacement: accounts of one page are not independent."""
    rng = np.random.default_rng(SETTINGS.seed)
    members = [np.flatnonzero(owner == g) for g in np.unique(owner)]
    values = []
    for _ in range(SETTINGS.n_bootstrap):
        drawn = rng.integers(len(members), size=len(members))
        which = np.concatenate([members[g] for g in drawn])
        values.append(figure(Y[which], named[which]))
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(figure(Y, named), float(low), float(high))


def list_hits(row: Labelled, finding: Finding) -> list[bool]:
    """Say of each right cause whether its first sentence overlaps the words a reader marked."""
    hits = []
    for cause in finding.causes:
        spans = [span for span in row.evidence if span.cause == cause]
        shown = next((e for e in finding.evidence if e.cause == cause), None)
        if spans and shown:
            hits.append(any(s.start < shown.end and shown.start < s.end for s in spans))
    return hits


# ------------------------------------------------------------------------ rivals


def _keywords_rival(texts: Sequence[str], codebook: Codebook) -> dict[str, Marks]:
    """Give the rival by keywords; none where the causes have no keywords."""
    if not any(cause.keywords for cause in codebook.causes):
        return {}
    return {"keywords": find_keywords(texts, codebook)}


def find_keywords(texts: Sequence[str], codebook: Codebook) -> Marks:
    """Name a cause wherever one of the codebook's keywords stands."""
    named = np.zeros((len(texts), len(codebook.ids)), dtype=np.int8)
    for c, cause in enumerate(codebook.causes):
        if cause.keywords:
            any_of = re.compile(r"\b(?:" + "|".join(map(re.escape, cause.keywords)) + ")")
            for t, text in enumerate(texts):
                named[t, c] = bool(any_of.search(text.lower().replace("’", "'")))
    return named


def predict_stock(
    accounts: Sequence[Labelled],
    others: Sequence[Labelled],
    codebook: Codebook,
    owner: NDArray[np.int64],
) -> Marks:
    """Train scikit-learn's stock text pipeline on the same rows, all defaults, cut at 0.5.

    Where there are no other rows to train on, by five folds over the accounts themselves.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    def learn_and_name(train: Sequence[Labelled], test: Sequence[Labelled]) -> Marks:
        named = np.zeros((len(test), len(codebook.ids)), dtype=np.int8)
        Y = targets(train, codebook)
        vectoriser = TfidfVectorizer()
        X = vectoriser.fit_transform([r.text for r in train])
        T = vectoriser.transform([r.text for r in test])
        for c in range(Y.shape[1]):
            if 0 < Y[:, c].sum() < len(Y):
                named[:, c] = LogisticRegression(max_iter=1000).fit(X, Y[:, c]).predict(T)
        return named

    if others:
        return learn_and_name([r for r in others if r.kind != "out_of_scope"], accounts)
    named = np.zeros((len(accounts), len(codebook.ids)), dtype=np.int8)
    n_folds = min(5, len(np.unique(owner)))
    if n_folds < 2:
        return named
    for seen, unseen in GroupKFold(n_folds).split(owner, groups=owner):
        train = [accounts[i] for i in seen]
        named[unseen] = learn_and_name(train, [accounts[i] for i in unseen])
    return named
