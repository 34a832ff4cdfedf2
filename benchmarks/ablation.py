"""What each choice of the model is worth, on training and dev accounts alone.

    python benchmarks/ablation.py

Weights come from five folds grouped by page and author; calibration and cut-offs are learned
on one half of the accounts and scored on the other, and the other way round.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from rejectnlp.classifier import CauseClassifier, apply_platt, fit_platt
from rejectnlp.decisions import choose_cutoff
from rejectnlp.labels import default_data, read_labelled
from rejectnlp.scores import calibration_error, macro_f1, micro_f1
from rejectnlp.settings import SETTINGS, Settings
from rejectnlp.training import cut_fragments, make_classifier, number_groups, targets

Array = NDArray[np.float64]


class Recorder(CauseClassifier):
    """Keeps the out-of-fold scores before they are calibrated."""

    def _score_out_of_fold(self, material, report):  # type: ignore[no-untyped-def]
        self.scores_ = super()._score_out_of_fold(material, report)
        return self.scores_


def halve(groups: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Put each group into one of two halves."""
    rng = np.random.default_rng(0)
    heads = rng.random(groups.max() + 1) < 0.5
    return heads[groups]


def search_cutoff(p: Array, y: NDArray[np.int8]) -> float:
    """Choose the cut-off with the best F1 counted on the accounts themselves."""
    order = np.argsort(-p)
    f1 = 2 * np.cumsum(y[order]) / (np.arange(1, len(p) + 1) + max(y.sum(), 1))
    return float(p[order][f1.argmax()]) if y.any() else 1.0


def calibrate_alone(scores: Array, Y: NDArray[np.int8]) -> Array:
    """Calibrate each cause by itself, slopes and all."""
    return np.vstack([fit_platt(scores[:, [c]], Y[:, [c]]) for c in range(Y.shape[1])])


def judge(name, scores, Y, groups, calibrate=fit_platt, choose=choose_cutoff, note=""):  # type: ignore[no-untyped-def]
    """Print one line of the table."""
    half = halve(groups)
    P, named = np.zeros(Y.shape), np.zeros_like(Y)
    for learn in (half, ~half):
        platt = calibrate(scores[learn], Y[learn])
        P[~learn] = apply_platt(scores[~learn], platt)
        own = apply_platt(scores[learn], platt)
        cutoffs = np.array([choose(own[:, c], Y[learn, c]) for c in range(Y.shape[1])])
        named[~learn] = cutoffs <= P[~learn]
    counted = np.flatnonzero(Y.sum(axis=0) >= SETTINGS.fewest_positives)
    ap = np.mean([average_precision_score(Y[:, c], P[:, c]) for c in counted])
    ece = np.mean([calibration_error(P[:, c], Y[:, c]) for c in range(Y.shape[1])])
    print(
        f"| {name} | {ap:.3f} | {macro_f1(Y, named, counted):.3f} | {micro_f1(Y, named):.3f} "
        f"| {ece:.3f} | {note} |",
        flush=True,
    )


def main() -> None:
    rows, book = read_labelled(default_data())
    rows = [r for r in rows if r.split != "test" and r.kind != "out_of_scope"]
    accounts = [r for r in rows if r.kind == "account"]
    numbers = number_groups(rows)
    groups = np.array([numbers[r.id] for r in accounts])
    Y = targets(accounts, book)

    def record(settings: Settings = SETTINGS, material=rows, **changes):  # type: ignore[no-untyped-def]
        start = time.perf_counter()
        recorder = Recorder(**{**make_classifier(settings).get_params(), **changes})
        texts = [r.text for r in accounts]
        recorder.fit(texts, Y, groups, cut_fragments(material, numbers, book))
        return recorder.scores_, f"{time.perf_counter() - start:.0f} s"

    print(f"{len(accounts):,} accounts\n")
    print("| variant | mAP | macro-F1 | micro-F1 | calibration error | training |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    base, took = record()
    judge("as shipped", base, Y, groups, note=took)
    judge("cut-offs searched by counting", base, Y, groups, choose=search_cutoff)
    judge("cut-off 0.5", base, Y, groups, choose=lambda p, y: 0.5)
    judge("each cause calibrated alone", base, Y, groups, calibrate=calibrate_alone)
    for name, which in (("account score alone", 0), ("best sentence alone", 1)):
        judge(name, np.repeat(base[:, :, [which]], 2, axis=2), Y, groups)
    for name, changes in (
        ("damping 0", {"damping": 0.0}),
        ("C 2", {"C": 2.0}),
        ("balance 1", {"balance": 1.0}),
        ("single words and characters", {"word_ngrams": (1, 1)}),
        ("no sentence of accounts, no marks", {}),
        ("no bank", {}),
    ):
        material = rows
        if name.startswith("no sentence"):
            material = [replace(r, evidence=(), labels=r.labels) for r in rows]
            material = [r for r in material if r.kind != "account"]
        elif name == "no bank":
            material = [r for r in rows if r.kind == "account"]
        scores, took = record(material=material, **changes)
        judge(name, scores, Y, groups, note=took)


if __name__ == "__main__":
    main()
