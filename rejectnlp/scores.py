"""The figures by which tags and probabilities are judged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Marks = NDArray[np.int8]


def macro_f1(Y: Marks, named: Marks, columns: NDArray[np.int64]) -> float:
    """Average the F1 of the causes in `columns`, each counting alike.

    Examples
    --------
    >>> Y = np.array([[1, 0], [1, 1]], dtype=np.int8)
    >>> macro_f1(Y, np.array([[1, 0], [1, 0]], dtype=np.int8), np.array([0, 1]))
    0.5
    """
    right = (Y & named).sum(axis=0)[columns]
    both = (Y.sum(axis=0) + named.sum(axis=0))[columns]
    f1 = np.divide(2.0 * right, both, out=np.zeros(len(columns)), where=both > 0)
    return float(f1.mean()) if len(columns) else 0.0


def micro_f1(Y: Marks, named: Marks) -> float:
    """Give the F1 over all accounts and causes at once."""
    both = int(Y.sum() + named.sum())
    return 2 * int((Y & named).sum()) / both if both else 0.0


def calibration_error(p: Floats, y: Marks, n_bins: int = 10) -> float:
    """Average gap between promised and true share, over bins of equal width.

    References
    ----------
    Naeini, Cooper & Hauskrecht, Obtaining well calibrated probabilities (AAAI 2015).

    Examples
    --------
    >>> calibration_error(np.array([0.25, 0.25, 0.25, 0.25]), np.array([1, 0, 0, 0]))
    0.0
    """
    which = np.minimum((p * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(which, weights=p - y, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(p))


def name_most_frequent(Y: Marks) -> Marks:
    """Name the most frequent cause for every account: the simplest rival."""
    named = np.zeros_like(Y)
    named[:, Y.sum(axis=0).argmax()] = 1
    return named


def count_confusions(Y: Marks, named: Marks) -> NDArray[np.int64]:
    """Count which causes are named for the accounts of each cause; the last is none at all.

    On the diagonal stand the right ones. Beside it, in the row of each cause that an
    account has, what was named and it does not have. Where nothing was named, that is last.

    Examples
    --------
    >>> Y = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], dtype=np.int8)
    >>> named = np.array([[1, 0], [0, 1], [0, 0], [0, 0]], dtype=np.int8)
    >>> count_confusions(Y, named).tolist()
    [[1, 1, 0], [0, 0, 1], [0, 0, 1]]
    """
    true, told = (np.column_stack([m, ~m.any(axis=1)]).astype(np.int64) for m in (Y, named))
    wrong = told * (1 - true)
    return np.asarray(true.T @ wrong + np.diag((true * told).sum(axis=0)))
