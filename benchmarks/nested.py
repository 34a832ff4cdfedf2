"""How good `rejectnlp train` is on accounts it never saw, all choices inside: nested folds.

    python benchmarks/nested.py [--folds N] [--out FILE.json]

Training and dev accounts, in folds that never tear a page or an author apart. Each fold is
tagged by a model that was trained, calibrated and given its cut-offs on the other folds alone.
The test part of the dataset is not touched. Beside ours stand four rivals: the most frequent
cause, the codebook's keywords, scikit-learn's TF-IDF and logistic regression with their defaults,
and a reader: the first reading of each account scored against the second.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupKFold

from rejectnlp.accounts import Account
from rejectnlp.dataset import Labelled
from rejectnlp.evaluation import find_keywords, list_hits, predict_stock, score
from rejectnlp.labels import default_data, read_labelled
from rejectnlp.report import format_evaluation
from rejectnlp.scorer import Tagger
from rejectnlp.scores import macro_f1, micro_f1, name_most_frequent
from rejectnlp.settings import SETTINGS
from rejectnlp.training import indicate, number_groups, targets, train


def slices(rows: list[Labelled]) -> Iterable[tuple[str, Callable[[int], bool]]]:
    """Name the slices, each with a test of an account's place among the rows."""
    n_words = np.array([len(row.text.split()) for row in rows])
    for key in ("venue", "sampling"):
        for value in sorted({row.origin.get(key, "??") for row in rows}):
            yield f"{key}: {value}", lambda i, k=key, v=value: rows[i].origin.get(k, "??") == v
    bounds = [0, *np.quantile(n_words, [0.25, 0.5, 0.75]).astype(int), n_words.max() + 1]
    for low, high in pairwise(bounds):
        yield f"words: {low} to {high - 1}", lambda i, a=low, b=high: a <= n_words[i] < b
    for ground in ("said", "shown", "claimed"):
        yield (
            f"ground: {ground} alone",
            lambda i, g=ground: {span.ground for span in rows[i].evidence} == {g},
        )
    yield "causes: one", lambda i: len(rows[i].causes) == 1
    yield "causes: several", lambda i: len(rows[i].causes) > 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows, book = read_labelled(default_data())
    rows = [r for r in rows if r.split != "test" and r.kind != "out_of_scope"]
    numbers = number_groups(rows)
    accounts = [r for r in rows if r.kind == "account"]
    owner = np.array([numbers[r.id] for r in accounts])
    Y = targets(accounts, book)
    P, named, stock = np.zeros(Y.shape), np.zeros_like(Y), np.zeros_like(Y)
    hits: list[bool] = []
    folds = GroupKFold(options.folds, shuffle=True, random_state=SETTINGS.seed)
    for number, (_, unseen) in enumerate(folds.split(owner, groups=owner), 1):
        print(f"fold {number} of {options.folds}", file=sys.stderr, flush=True)
        away = set(owner[unseen])
        learn = [r for r in rows if numbers[r.id] not in away]
        held_out = [accounts[i] for i in unseen]
        findings = list(Tagger(train(learn, book)).find(Account(r.id, r.text) for r in held_out))
        P[unseen] = [[f.probabilities[c] for c in book.ids] for f in findings]
        named[unseen] = indicate([f.causes for f in findings], book)
        stock[unseen] = predict_stock(held_out, learn, book, owner[unseen])
        hits += [hit for r, f in zip(held_out, findings, strict=True) for hit in list_hits(r, f)]
    rivals = {
        "majority": name_most_frequent(Y),
        "keywords": find_keywords([r.text for r in accounts], book),
        "stock TF-IDF + LR": stock,
    }
    evaluation = score(book, Y, P, named, owner, rivals, hits)
    print(format_evaluation(evaluation))
    first, second = (
        indicate([r.votes.get(f"reader_{n}", ()) for r in accounts], book) for n in (1, 2)
    )
    counted = np.flatnonzero(Y.sum(axis=0) >= SETTINGS.fewest_positives)
    print(f"a reader against another   macro-F1 {macro_f1(first, second, counted):.3f}\n")
    print("| slice | accounts | macro-F1 | causes in it | micro-F1 | stock, micro-F1 |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    table = []
    for name, belongs in slices(accounts):
        which = np.array([i for i in range(len(accounts)) if belongs(i)])
        if len(which) < 5 * SETTINGS.fewest_positives:
            continue
        own = np.flatnonzero(Y[which].sum(axis=0) >= SETTINGS.fewest_positives)
        line = {
            "slice": name,
            "n": len(which),
            "macro_f1": macro_f1(Y[which], named[which], own),
            "n_causes": len(own),
            "micro_f1": micro_f1(Y[which], named[which]),
            "stock_micro_f1": micro_f1(Y[which], stock[which]),
        }
        table.append(line)
        print(
            f"| {name} | {line['n']:,} | {line['macro_f1']:.3f} | {line['n_causes']} "
            f"| {line['micro_f1']:.3f} | {line['stock_micro_f1']:.3f} |"
        )
    if options.out:
        text = json.dumps({**evaluation.to_dict(), "slices": table}, indent=1)
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
