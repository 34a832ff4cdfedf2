"""Doubtful labels: those that a model, which never saw the account, finds least likely."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rejectnlp.codebook import Codebook
from rejectnlp.dataset import Labelled
from rejectnlp.settings import SETTINGS, Settings
from rejectnlp.training import fit_classifier, targets


@dataclass(frozen=True)
class Suspect:
    """A label to read again.

    Parameters
    ----------
    id
        Of the account.
    cause
        The cause in doubt.
    is_labelled
        Whether the account carries it; if not, the model expects it.
    probability
        Out of fold: by weights that never saw this account, nor its page or author.
    """

    id: str
    cause: str
    is_labelled: bool
    probability: float


def find_suspects(
    rows: Sequence[Labelled],
    codebook: Codebook,
    settings: Settings = SETTINGS,
    *,
    n: int = 50,
    report: Callable[[str], None] = lambda message: None,
) -> list[Suspect]:
    """Find the labels of training and dev accounts that a reader should look at again.

    By a model of the other folds, the doubt in a cause that is not labelled is its
    probability; in one that is labelled, how far its probability falls short of what
    accounts with that cause usually have. The test part is left alone: corrected by the
    model's own doubts, it would flatter the model.

    Returns
    -------
    list of Suspect
        The n most doubtful, most doubtful first.

    References
    ----------
    Northcutt, Jiang & Chuang, Confident learning (JAIR 2021).
    """
    rows = [row for row in rows if row.split != "test" and row.kind != "out_of_scope"]
    classifier, accounts = fit_classifier(rows, codebook, settings, report)
    Y = targets(accounts, codebook)
    P = classifier.out_of_fold_
    # A rare cause is unlikely everywhere: a label is compared with the others of its cause.
    usual = np.array([P[Y[:, c] == 1, c].mean() if Y[:, c].any() else 0.0 for c in range(len(P.T))])
    doubt = np.where(Y == 1, usual - P, P)
    most = np.argsort(-doubt, axis=None, kind="stable")[:n]
    return [
        Suspect(accounts[i].id, codebook.ids[c], bool(Y[i, c]), float(P[i, c]))
        for i, c in zip(*np.unravel_index(most, Y.shape), strict=True)
    ]
