"""How far two readers agree on the causes of the same accounts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.errors import DataError

Answers = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class CauseAgreement:
    """One cause: accounts to which both, or only one of the readers gave it."""

    cause: str
    both: int
    only_first: int
    only_second: int

    @property
    def f1(self) -> float:
        """F1 of one reader's label measured by the other's; the same both ways round."""
        total = 2 * self.both + self.only_first + self.only_second
        return 2 * self.both / total if total else 0.0


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

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the causes that either reader gave, `unexplained` left out."""
        given = [c for c in self.causes[:-1] if c.both or c.only_first or c.only_second]
        return sum(c.f1 for c in given) / len(given) if given else 0.0


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
            )
            for cause in ids
        ),
        differences=tuple(pair for pair in pairs if pair[1] != pair[2]),
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
