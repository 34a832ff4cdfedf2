"""What more data brings: skill on the dev part by a quarter to all of the accounts and sentences.

    python benchmarks/learning_curve.py [--draws N] [--plot FILE]

Models learn from the train part alone; whole groups of pages and authors are drawn.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score

from rejectnlp.codebook import Codebook
from rejectnlp.dataset import Labelled
from rejectnlp.labels import default_data, read_labelled
from rejectnlp.scores import macro_f1
from rejectnlp.settings import SETTINGS
from rejectnlp.training import fit_classifier, number_groups, targets

SHARES = (0.25, 0.5, 0.75, 1.0)


def measure(
    train: Sequence[Labelled], dev: Sequence[Labelled], codebook: Codebook
) -> tuple[float, float]:
    """Train on some rows; give macro-F1 and mean average precision on the dev accounts."""
    classifier, _ = fit_classifier(train, codebook)
    P, Y = classifier.predict_proba([row.text for row in dev]), targets(dev, codebook)
    counted = np.flatnonzero(Y.sum(axis=0) >= SETTINGS.fewest_positives)
    named = (classifier.cutoffs_ <= P).astype(np.int8)
    ap = np.mean([average_precision_score(Y[:, c], P[:, c]) for c in counted])
    return macro_f1(Y, named, counted), float(ap)


def draw_share(rows: Sequence[Labelled], share: float, seed: int) -> list[Labelled]:
    """Draw that share of the groups of rows."""
    groups = number_groups(rows)
    rng = np.random.default_rng(seed)
    order = rng.permutation(max(groups.values()) + 1)
    kept = set(order[: round(share * len(order))].tolist())
    return [row for row in rows if groups[row.id] in kept]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    rows, codebook = read_labelled(default_data())
    rows = [row for row in rows if row.kind != "out_of_scope"]
    dev = [row for row in rows if row.split == "dev" and row.kind == "account"]
    accounts = [row for row in rows if row.split == "train" and row.kind == "account"]
    others = [row for row in rows if row.split == "train" and row.kind != "account"]
    print(f"scored on {len(dev):,} accounts of the dev part, {options.draws} draws each\n")
    print(
        "| accounts | sentences | macro-F1 | (range) | mAP |\n| ---: | ---: | ---: | --- | ---: |"
    )
    curves: dict[str, list[float]] = {"accounts": [], "sentences": []}
    whole = measure([*accounts, *others], dev, codebook)
    for what in curves:
        for share in SHARES:
            results = []
            for seed in range(options.draws if share < 1 else 1):
                some = draw_share(accounts, share, seed) if what == "accounts" else accounts
                bank = draw_share(others, share, seed) if what == "sentences" else others
                results.append(measure([*some, *bank], dev, codebook) if share < 1 else whole)
            f1, ap = np.array(results).T
            curves[what].append(float(f1.mean()))
            print(
                f"| {len(some):,} | {len(bank):,} | {f1.mean():.3f} | "
                f"{f1.min():.3f} to {f1.max():.3f} | {ap.mean():.3f} |",
                flush=True,
            )
    if options.plot:
        draw(curves, len(accounts), len(others), options.plot)


def draw(curves: dict[str, list[float]], n_accounts: int, n_sentences: int, path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.5))
    sizes = {"accounts": n_accounts, "sentences": n_sentences}
    for (what, values), style in zip(curves.items(), ("o-", "s--"), strict=True):
        axes.plot([100 * s for s in SHARES], values, style, label=f"{what} (all: {sizes[what]:,})")
    axes.set_xlabel("% learned from, the other kind whole")
    axes.set_ylabel("macro-F1 on the dev part")
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    main()
