"""How far two readers agree on the causes of the same accounts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.errors import DataError
from rejectnlp.settings import SETTINGS

Answers = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class CauseAgreement:
    """One cause: accounts to which both, one, or neither of the readers gave it."""

    cause: str
    both: int
    only_first: int
    only_second: int
    neither: int = 0

    @property
    def f1(self) -> float:
        """F1 of one reader's label measured by the other's; the same both ways round."""
        total = 2 * self.both + self.only_first + self.only_second
        return 2 * self.both / total if total else 0.0

    @property
    def alpha(self) -> float | None:
        """Krippendorff's nominal alpha of given or not; None where nobody, or both always gave it.

        Examples
        --------
        >>> round(CauseAgreement("undersold", 1, 1, 0, 8).alpha, 3)
        0.627
        """
        n_differ = self.only_first + self.only_second
        n_given = 2 * self.both + n_differ
        n_votes = 2 * (self.both + self.neither + n_differ)
        if not 0 < n_given < n_votes:
            return None
        return 1 - n_differ * (n_votes - 1) / (n_given * (n_votes - n_given))


@dataclass(frozen=True)
class Agreement:
    """Two readers side by side.

    Parameters
    ----------
    n
        Accounts that both have read.
    n_same
        Accounts to which both gave the same set of causes.
    alpha
        Krippendorff's alpha with MASI distance.
    low, high
        Its 95 % interval, by the percentiles of a bootstrap over the accounts.
    causes
        One a cause, `unexplained` last.
    differences
        Id, first reader's causes, second reader's, of the accounts where they differ.
    """

    n: int
    n_same: int
    alpha: float
    causes: tuple[CauseAgreement, ...]
    differences: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    low: float = float("nan")
    high: float = float("nan")

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the causes that either reader gave, `unexplained` left out."""
        given = [c for c in self.causes[:-1] if c.both or c.only_first or c.only_second]
        return sum(c.f1 for c in given) / len(given) if given else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Give the figures as plain values for JSON, those that are worked out included."""
        causes = [asdict(c) | {"f1": c.f1, "alpha": c.alpha} for c in self.causes]
        return asdict(self) | {"macro_f1": self.macro_f1, "causes": causes}


def compare_readers(first: Answers, second: Answers, codebook: Codebook) -> Agreement:
    """Compare the answers of two readers on the accounts that both have read.

    Parameters
    ----------
    first, second
        Id to causes; none, or `unexplained`, for an account that gives no grounds.

    Raises
    ------
    DataError
        If they have no account in common.

    Examples
    --------
    >>> from rejectnlp.codebook import read_codebook
    >>> a = {"1": ["skills_gap"], "2": [], "3": ["undersold"]}
    >>> b = {"1": ["skills_gap"], "2": [], "3": ["skills_gap"]}
    >>> found = compare_readers(a, b, read_codebook())
    >>> found.n, found.n_same, found.differences
    (3, 2, (('3', ('undersold',), ('skills_gap',)),))
    """
    shared = [own for own in first if own in second]
    if not shared:
        raise DataError(
            "the two readers have no account in common", remedy="Their `id`s have to be the same."
        )
    ids = (*codebook.ids, UNEXPLAINED)

    def answer(answers: Answers, own: str) -> tuple[str, ...]:
        return tuple(c for c in ids if c in answers[own]) or (UNEXPLAINED,)

    pairs = [(own, answer(first, own), answer(second, own)) for own in shared]
    low, high = bootstrap_alpha([(a, b) for _, a, b in pairs])
    return Agreement(
        n=len(pairs),
        n_same=sum(a == b for _, a, b in pairs),
        alpha=krippendorff_alpha([[a, b] for _, a, b in pairs]),
        causes=tuple(
            CauseAgreement(
                cause,
                sum(cause in a and cause in b for _, a, b in pairs),
                sum(cause in a and cause not in b for _, a, b in pairs),
                sum(cause not in a and cause in b for _, a, b in pairs),
                sum(cause not in a and cause not in b for _, a, b in pairs),
            )
            for cause in ids
        ),
        differences=tuple(pair for pair in pairs if pair[1] != pair[2]),
        low=low,
        high=high,
    )


def krippendorff_alpha(votes: Sequence[Sequence[Iterable[str]]]) -> float:
    """Measure how far readers agree on sets of causes beyond chance.

    Parameters
    ----------
    votes
        For each account, the set of causes each reader named.

    References
    ----------
    Krippendorff, Content Analysis (1980); Passonneau, Measuring agreement on
    set-valued items (LREC 2006), for the MASI distance.

    Examples
    --------
    >>> krippendorff_alpha([[["a"], ["a"]], [["b"], ["b"]]])
    1.0
    """
    sets = [[frozenset(labels) for labels in readers] for readers in votes]
    if len({labels for readers in sets for labels in readers}) == 1:
        return 1.0  # All said the same of everything; chance is undefined then.
    from nltk.metrics import AnnotationTask, masi_distance

    triples = [
        (f"reader {r}", f"account {a}", labels)
        for a, readers in enumerate(sets)
        for r, labels in enumerate(readers)
    ]
    return float(AnnotationTask(data=triples, distance=masi_distance).alpha())


def bootstrap_alpha(
    pairs: Sequence[tuple[Collection[str], Collection[str]]],
    n_draws: int = SETTINGS.n_bootstrap,
    seed: int = SETTINGS.seed,
) -> tuple[float, float]:
    """Give the 95 % interval of two readers' alpha (MASI), accounts drawn with replacement.

    A draw in which all say the same of everything counts as alpha 1.

    Parameters
    ----------
    pairs
        For each account, the causes that the one and the other reader named.

    Examples
    --------
    >>> low, high = bootstrap_alpha([(["a"], ["a"]), (["b"], ["b"]), (["a"], ["b"])] * 20)
    >>> 0 < low < high < 1
    True
    """
    from nltk.metrics.distance import masi_distance

    sets = list(dict.fromkeys(frozenset(labels) for pair in pairs for labels in pair))
    place = {labels: i for i, labels in enumerate(sets)}
    votes = np.array([[place[frozenset(a)], place[frozenset(b)]] for a, b in pairs])
    distances = np.array([[masi_distance(a, b) for b in sets] for a in sets])
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(votes), (n_draws, len(votes)))
    alphas = [_alpha_of_two(votes[draw], distances) for draw in draws]
    low, high = np.quantile(alphas, (0.025, 0.975))
    return float(low), float(high)


def _alpha_of_two(votes: NDArray[np.int64], distances: NDArray[np.float64]) -> float:
    observed = float(distances[votes[:, 0], votes[:, 1]].mean())
    counts = np.bincount(votes.ravel(), minlength=len(distances))
    n = votes.size
    expected = float(counts @ distances @ counts) / (n * (n - 1))
    return 1 - observed / expected if expected else 1.0


def settle_votes(votes: Sequence[Collection[str]]) -> tuple[str, ...] | None:
    """Give the labels that more than half of the readers gave, or None if that decides nothing.

    None where a label has just half of the votes, as when two readers differ, and where no
    label has more than half.

    Examples
    --------
    >>> settle_votes([["a", "b"], ["a"], ["a", "b"]])
    ('a', 'b')
    >>> settle_votes([["a", "b"], ["a"]]) is None, settle_votes([["a"], ["b"], ["c"]]) is None
    (True, True)
    """
    given = list(dict.fromkeys(label for labels in votes for label in labels))
    counts = {label: sum(label in labels for labels in votes) for label in given}
    if any(2 * n == len(votes) for n in counts.values()):
        return None
    return tuple(label for label in given if 2 * counts[label] > len(votes)) or None
