"""How far estimated shares are from the truth, and how often their intervals hold it.

    python benchmarks/prevalence.py [--checked N] [--draws N]

Out-of-fold probabilities of the training and dev accounts, whose labels are known. In each
draw the mix is shifted: each cause's accounts are drawn up to four times as often, or as
rarely, as they come; then N accounts are checked.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np

from rejectnlp.labels import default_data, read_labelled
from rejectnlp.prevalence import estimate_share, estimate_unchecked
from rejectnlp.settings import SETTINGS
from rejectnlp.training import fit_classifier, targets

N_ACCOUNTS = 5_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checked", type=int, default=100)
    parser.add_argument("--draws", type=int, default=300)
    options = parser.parse_args()
    rows, codebook = read_labelled(default_data())
    rows = [row for row in rows if row.split != "test" and row.kind != "out_of_scope"]
    classifier, accounts = fit_classifier(rows, codebook)
    Y = targets(accounts, codebook)
    P, cutoffs = classifier.out_of_fold_, classifier.cutoffs_
    rng = np.random.default_rng(SETTINGS.seed)
    errors: dict[str, list[float]] = defaultdict(list)
    held: dict[str, list[bool]] = defaultdict(list)
    widths: dict[str, list[float]] = defaultdict(list)
    for _ in range(options.draws):
        pull = np.exp(rng.uniform(-np.log(4), np.log(4), Y.shape[1]))
        weights = np.prod(np.where(Y == 1, pull, 1.0), axis=1)
        drawn = rng.choice(len(Y), N_ACCOUNTS, p=weights / weights.sum())
        checked = rng.choice(N_ACCOUNTS, options.checked, replace=False)
        for c in range(Y.shape[1]):
            p, y = P[drawn, c], Y[drawn, c]
            truth = y.mean()
            errors["mean probability"].append(abs(p.mean() - truth))
            errors["counting tags"].append(abs((p >= cutoffs[c]).mean() - truth))
            for name, share in (
                ("corrected, none checked", estimate_unchecked(p, Y[:, c].mean(), len(Y))),
                ("checked accounts alone", estimate_share(np.zeros_like(p), checked, y[checked])),
                ("checked and all (PPI++)", estimate_share(p, checked, y[checked])),
            ):
                errors[name].append(abs(share.value - truth))
                held[name].append(share.low <= truth <= share.high)
                widths[name].append(share.high - share.low)
    n = f"{options.draws:,} shifted mixes of {N_ACCOUNTS:,} accounts, {options.checked} checked"
    print(f"{n}; {Y.shape[1]} causes\n")
    print("| estimate | mean error, points | interval holds the truth | its width, points |")
    print("| --- | ---: | ---: | ---: |")
    for name, values in errors.items():
        rest = (
            f"{np.mean(held[name]):.1%} | {100 * np.mean(widths[name]):.1f}"
            if held[name]
            else "- | -"
        )
        print(f"| {name} | {100 * np.mean(values):.2f} | {rest} |")


if __name__ == "__main__":
    main()
