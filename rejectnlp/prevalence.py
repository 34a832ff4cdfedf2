"""What share of accounts has which cause: corrected for the tagger's mistakes, with intervals.

Counting tags is wrong, for a tagger that misses half of a cause halves its share. Here are
three ways, best first:

- `checked`: some accounts, drawn at random, were read by a person. Their answers correct the
  mean probability of all (prediction-powered inference, PPI++). Right whatever the tagger
  does wrong; the tagger only makes the interval shorter.
- `corrected`: without checked accounts, the share under which the model's probabilities, made
  for the mix that it learned from, fit best here. It rests on the model's own data: right as
  far as accounts with a cause read here as they did there. Its interval is wide, and says so.
- counting tags: for comparison only.

References
----------
Angelopoulos, Duchi & Zrnic, PPI++: efficient prediction-powered inference (2023).
Saerens, Latinne & Decaestecker, Adjusting the outputs of a classifier to new a priori
probabilities (Neural Computation 2002).
Franco, Little, Louis & Slud, Comparative study of confidence intervals for proportions in
complex sample surveys (JSSAM 2019), for the interval.
Holm, A simple sequentially rejective multiple test procedure (1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from rejectnlp.codebook import UNEXPLAINED
from rejectnlp.errors import DataError
from rejectnlp.settings import SETTINGS
from rejectnlp.storage import Model
from rejectnlp.tagged import Tagged

Floats = NDArray[np.float64]
_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Share:
    """The share of accounts with a cause, 0 to 1, and its 95 % interval.

    Parameters
    ----------
    method
        `checked` or `corrected`.
    n, n_checked
        Accounts in all, and those that a person read.
    error
        Standard error.
    """

    value: float
    low: float
    high: float
    error: float
    method: str
    n: int
    n_checked: int = 0


def estimate_share(
    probabilities: Floats,
    checked: NDArray[np.int64],
    marks: NDArray[np.int8],
    trust: float | None = None,
) -> Share:
    """Estimate the share of one cause from all probabilities and some checked accounts.

    Parameters
    ----------
    probabilities
        Of every account, shape (n,).
    checked
        Places of the accounts that a person read, drawn at random from all.
    marks
        Whether each of those has the cause.
    trust
        How far the probabilities are trusted, 0 to 1; if None as far as they follow the marks.

    Examples
    --------
    >>> p = np.array([0.9, 0.8, 0.1, 0.2, 0.1, 0.1, 0.9, 0.1])
    >>> share = estimate_share(p, np.array([0, 2, 4, 6]), np.array([1, 0, 0, 1], dtype=np.int8))
    >>> round(share.value, 2), share.method
    (0.38, 'checked')
    """
    n, m = len(probabilities), len(checked)
    own = probabilities[checked]
    others = np.delete(probabilities, checked)
    if trust is None:
        trust = choose_trust(own, marks, len(others))
    if not len(others):
        trust = 0.0
    residual = marks - trust * own
    value = float(residual.mean() + (trust * others.mean() if len(others) else 0.0))
    variance = _residual_variance(residual, own, trust) / m
    if len(others):
        variance += trust**2 * float(others.var()) / len(others)
    if m == n:
        variance = 0.0  # Everything was read: nothing is left to estimate.
    value = float(np.clip(value, 0, 1))
    low, high = _interval(value, variance, m) if m < n else (value, value)
    return Share(value, low, high, sqrt(variance), "checked", n, m)


def choose_trust(own: Floats, marks: NDArray[np.int8], n_others: int) -> float:
    """Trust the probabilities as far as they follow the marks, and no further: 0 to 1.

    Parameters
    ----------
    own, marks
        Probability of each checked account, and whether it has the cause.
    n_others
        Accounts that were not checked.

    Examples
    --------
    >>> choose_trust(np.array([0.9, 0.1]), np.array([1, 0], dtype=np.int8), 1000)
    1.0
    """
    spread = own.var(ddof=1) if len(own) > 1 else 0.0
    if not spread:
        return 0.0
    together = float(np.cov(marks, own, ddof=1)[0, 1])
    return float(np.clip(together / (spread * (1 + len(own) / max(n_others, 1))), 0, 1))


def _residual_variance(residual: Floats, own: Floats, trust: float) -> float:
    """Vary what was checked, steadied by what the probabilities lead to expect.

    Where a rare cause was met once or never among the checked accounts, they alone would
    promise a certainty that is not there.
    """
    m = len(residual)
    seen = float(residual.var(ddof=1)) if m > 1 else 0.0
    p = own if own.any() else np.full(m, 0.5 / m)
    expected = float((p * (1 - p)).mean() + (1 - trust) ** 2 * p.var())
    return (m * seen + _STEADY * expected) / (m + _STEADY)


_STEADY = 20  # checked accounts that the expectation counts for


def estimate_unchecked(probabilities: Floats, prior: float, n_learned: int) -> Share:
    """Estimate the share of one cause from probabilities alone, made for another mix.

    Parameters
    ----------
    probabilities
        Of every account, shape (n,).
    prior
        Share of the cause among the accounts that the model learned from.
    n_learned
        Number of those accounts.

    Examples
    --------
    >>> p = np.array([0.001] * 60 + [0.9] * 40)
    >>> share = estimate_unchecked(p, prior=0.1, n_learned=1000)
    >>> round(share.value, 1), share.method
    (0.4, 'corrected')
    """
    n = len(probabilities)
    prior = min(max(prior, 1e-4), 1 - 1e-4)
    yes, no = probabilities / prior, (1 - probabilities) / (1 - prior)
    value = prior
    for _ in range(_MOST_ROUNDS):
        before, value = value, float((value * yes / (value * yes + (1 - value) * no)).mean())
        if abs(value - before) < 1e-7:
            break
    slope = (yes - no) / (value * yes + (1 - value) * no)
    information = max(float((slope**2).mean()), 1e-9)
    variance = (1 / n + 1 / (_WORTH * n_learned)) / information
    # No interval of a share is wider than knowing nothing.
    variance = min(variance, 1 / 12)
    low, high = _interval(value, variance, n)
    return Share(value, low, high, sqrt(variance), "corrected", n)


_MOST_ROUNDS = 200
# How many accounts, of those learned from, what is known of the model's mistakes is worth.
# Set so that intervals hold the truth in 19 of 20 shifted mixes: benchmarks/prevalence.py.
_WORTH = 0.3


def _interval(value: float, variance: float, most: int) -> tuple[float, float]:
    """Give Wilson's interval for as many accounts as would vary so much by themselves."""
    p = min(max(value, 0.5 / most), 1 - 0.5 / most)
    n = p * (1 - p) / variance if variance > 0 else float(most)
    centre = (value + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * sqrt(value * (1 - value) / n + _Z**2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def compare_shares(shares: Sequence[Share]) -> float:
    """Give the p-value of the shares of several groups being the same.

    The estimates against their weighted mean, in the score test's way: were the shares the
    same, a checked account would vary as much in one group as in another, so that the spread
    is taken from all groups together. By its own spread, a group in which a cause was hardly
    met would claim to know its share almost exactly, and to differ.

    Examples
    --------
    >>> shares = [Share(v, 0, 1, 0.02, "checked", 500, 100) for v in (0.1, 0.3)]
    >>> compare_shares(shares) < 0.001
    True
    """
    from scipy.stats import chi2, f

    values = np.array([share.value for share in shares])
    variances = np.array([share.error for share in shares]) ** 2
    checked = np.array([share.n_checked for share in shares])
    if checked.all():
        variances = (checked**2 * variances).sum() / checked.sum() / checked
    weights = 1 / np.maximum(variances, 1e-12)
    mean = (weights * values).sum() / weights.sum()
    distance, free = float((weights * (values - mean) ** 2).sum()), len(shares) - 1
    if checked.all():  # Their spread is itself an estimate, from so many.
        return float(f.sf(distance / free, free, checked.sum() - len(shares)))
    return float(chi2.sf(distance, free))


def correct_for_many(p_values: Sequence[float]) -> list[float]:
    """Give Holm's p-values: what each is worth when so many were looked at.

    Examples
    --------
    >>> correct_for_many([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values)
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order.tolist()):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = largest
    return corrected


@dataclass(frozen=True)
class Estimate:
    """The share of one cause in one group; `group` is "" for all accounts."""

    cause: str
    group: str
    share: Share
    share_of_tags: float


@dataclass(frozen=True)
class Difference:
    """Whether a cause's share differs between groups: p-values before and after Holm."""

    cause: str
    p_value: float
    corrected: float


@dataclass(frozen=True)
class Prevalence:
    """The shares of all causes, in all accounts and in groups.

    Parameters
    ----------
    differences
        Of the causes between groups; empty without groups.
    left_out
        Groups that are not shown, and why.
    """

    estimates: tuple[Estimate, ...]
    differences: tuple[Difference, ...]
    left_out: Mapping[str, str]


def estimate_prevalence(
    tagged: Tagged,
    model: Model,
    checked: Mapping[str, frozenset[str]] | None = None,
    by: str | None = None,
) -> Prevalence:
    """Estimate the share of every cause, and of accounts that give none.

    Parameters
    ----------
    tagged
        Accounts tagged by `model`.
    model
        Says which mix it learned from, where nothing is checked.
    checked
        Id to the causes that a person found, of accounts drawn at random.
    by
        Kept column of `tagged` whose values are the groups.

    Raises
    ------
    DataError
        If the file was tagged with other causes, or none of the checked ids is in it.
    """
    if tagged.causes != model.codebook.ids:
        raise DataError(
            "the file was tagged with other causes than the model's",
            remedy="Name the model that tagged it with --model.",
        )
    place = {own: i for i, own in enumerate(tagged.ids) if checked and own in checked}
    known = {own: causes for own, causes in (checked or {}).items() if own in place}
    if checked is not None and len(known) < SETTINGS.fewest_checked:
        raise DataError(
            f"only {len(known)} of the {len(checked):,} checked accounts are in the tagged file",
            remedy=f"At least {SETTINGS.fewest_checked} are needed, drawn at random: "
            "`rejectnlp sample FILE --for prevalence`.",
        )
    survey = _Survey(tagged, model, known, _choose_trusts(tagged, place, known))
    estimates = survey.estimate(np.arange(len(tagged.ids)), "")
    if by is None:
        return Prevalence(tuple(estimates), (), {})
    groups: dict[str, list[int]] = {}
    for i, value in enumerate(tagged.columns[by]):
        groups.setdefault(value, []).append(i)
    left_out: dict[str, str] = {}
    shown: list[list[Estimate]] = []
    for group, members in sorted(groups.items()):
        if reason := survey.refuse(members):
            left_out[group] = reason
        else:
            shown.append(survey.estimate(np.array(members), group))
    differences = _compare(shown) if len(shown) > 1 else []
    return Prevalence(
        (*estimates, *(e for own in shown for e in own)), tuple(differences), left_out
    )


def _choose_trusts(
    tagged: Tagged, place: Mapping[str, int], known: Mapping[str, frozenset[str]]
) -> dict[str, float]:
    """Choose how far to trust each cause's probabilities, from all checked accounts.

    Not in each group anew: the few that were checked there would say anything.
    """
    P = tagged.probabilities[[place[own] for own in known]]
    others = len(tagged.ids) - len(known)
    trusts = {}
    for c, cause in enumerate(tagged.causes):
        marks = np.array([cause in causes for causes in known.values()], dtype=np.int8)
        trusts[cause] = choose_trust(P[:, c], marks, others)
    marks = np.array([not causes for causes in known.values()], dtype=np.int8)
    trusts[UNEXPLAINED] = choose_trust(np.prod(1 - P, axis=1), marks, others)
    return trusts


@dataclass(frozen=True)
class _Survey:
    tagged: Tagged
    model: Model
    known: Mapping[str, frozenset[str]]
    trusts: Mapping[str, float]

    def refuse(self, members: Sequence[int]) -> str:
        """Say why a group is not shown, or an empty string."""
        if len(members) < SETTINGS.smallest_group:
            return f"fewer than {SETTINGS.smallest_group} accounts"
        n_checked = sum(self.tagged.ids[i] in self.known for i in members)
        if self.known and n_checked < SETTINGS.fewest_checked:
            return f"only {n_checked} checked accounts, {SETTINGS.fewest_checked} are needed"
        return ""

    def estimate(self, members: NDArray[np.int64], group: str) -> list[Estimate]:
        read = [i for i, m in enumerate(members.tolist()) if self.tagged.ids[m] in self.known]
        answers = [self.known[self.tagged.ids[members[i]]] for i in read]
        P, named = self.tagged.probabilities[members], self.tagged.named[members]
        estimates = []
        for c, cause in enumerate(self.tagged.causes):
            marks = np.array([cause in own for own in answers], dtype=np.int8)
            estimates.append(
                Estimate(cause, group, self._share(P[:, c], read, marks, cause), named[:, c].mean())
            )
        marks = np.array([not own for own in answers], dtype=np.int8)
        none = np.prod(1 - P, axis=1)
        share = self._share(none, read, marks, UNEXPLAINED)
        return [*estimates, Estimate(UNEXPLAINED, group, share, 1 - named.any(axis=1).mean())]

    def _share(self, p: Floats, read: list[int], marks: NDArray[np.int8], cause: str) -> Share:
        if len(read):
            return estimate_share(p, np.array(read), marks, self.trusts[cause])
        data = self.model.about["data"]
        n, each = data["n_accounts"], data["n_accounts_per_cause"]
        return estimate_unchecked(p, each.get(cause, 0) / n, n)


def _compare(groups: Sequence[Sequence[Estimate]]) -> list[Difference]:
    causes = [estimate.cause for estimate in groups[0]]
    p_values = [compare_shares([own[c].share for own in groups]) for c in range(len(causes))]
    return [
        Difference(*found)
        for found in zip(causes, p_values, correct_for_many(p_values), strict=True)
    ]
