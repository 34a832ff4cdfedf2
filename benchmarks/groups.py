"""How often groups are wrongly said to differ, and how often a difference that is there is found.

    python benchmarks/groups.py [--checked N] [--draws N]

Out-of-fold probabilities of the training and dev accounts, whose labels are known; the test
part is not touched. In each draw accounts fall into five groups at random; in one of them
`position_withdrawn` comes three times as often, and nothing else is asked for.
"""

from __future__ import annotations

import argparse

import numpy as np

from rejectnlp.labels import default_data, read_labelled
from rejectnlp.prevalence import estimate_prevalence
from rejectnlp.settings import SETTINGS, asset_path
from rejectnlp.storage import load_model
from rejectnlp.tagged import Tagged
from rejectnlp.training import fit_classifier, targets

N_ACCOUNTS, N_GROUPS, PLANTED = 4_000, 5, "position_withdrawn"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checked", type=int, default=300)
    parser.add_argument("--draws", type=int, default=300)
    options = parser.parse_args()
    rows, book = read_labelled(default_data())
    rows = [row for row in rows if row.split != "test" and row.kind != "out_of_scope"]
    classifier, accounts = fit_classifier(rows, book)
    Y, P, cutoffs = targets(accounts, book), classifier.out_of_fold_, classifier.cutoffs_
    model = load_model(asset_path("models", "default"))
    rng = np.random.default_rng(SETTINGS.seed)
    planted = book.ids.index(PLANTED)
    having, share = np.flatnonzero(Y[:, planted]), Y[:, planted].mean()
    ids = [f"a{i}" for i in range(N_ACCOUNTS)]
    n_false = n_found = 0
    held: list[bool] = []
    for _ in range(options.draws):
        drawn, group = (
            rng.integers(len(Y), size=N_ACCOUNTS),
            rng.integers(N_GROUPS, size=N_ACCOUNTS),
        )
        lacks = (group == 0) & (Y[drawn, planted] == 0)
        more = lacks & (rng.random(N_ACCOUNTS) < 2 * share / (1 - share))
        drawn[more] = rng.choice(having, more.sum())
        columns = {"group": [str(g) for g in group]}
        tagged = Tagged(ids, book.ids, P[drawn], P[drawn] >= cutoffs, columns)
        checked = {
            ids[i]: frozenset(book.ids[c] for c in np.flatnonzero(Y[drawn[i]]))
            for i in rng.choice(N_ACCOUNTS, options.checked, replace=False).tolist()
        }
        found = estimate_prevalence(tagged, model, checked, by="group")
        differing = {d.cause for d in found.differences if d.corrected < 0.05}
        n_found += PLANTED in differing
        n_false += bool(
            differing - {PLANTED, "unexplained"}
        )  # its share changes with the planted one
        for e in found.estimates:
            if e.group and e.cause in book.ids:
                truth = Y[drawn[group == int(e.group)], book.ids.index(e.cause)].mean()
                held.append(e.share.low <= truth <= e.share.high)
    print(f"{options.draws:,} surveys of {N_ACCOUNTS:,} accounts, {options.checked} checked")
    print(f"a cause wrongly said to differ   {n_false / options.draws:.1%} of surveys")
    print(f"the planted difference found     {n_found / options.draws:.1%}")
    print(f"intervals that hold the truth    {np.mean(held):.1%}")


if __name__ == "__main__":
    main()
