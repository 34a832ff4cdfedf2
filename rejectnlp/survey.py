"""A tagged file as a report to send on: shares with intervals, groups, time, and what to doubt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from rejectnlp.codebook import Codebook
from rejectnlp.errors import DataError
from rejectnlp.prevalence import Estimate, Prevalence, estimate_prevalence
from rejectnlp.settings import SETTINGS
from rejectnlp.storage import Model
from rejectnlp.tagged import Tagged

_DATE = re.compile(r"\s*(\d{4})-(\d\d)(?:-\d\d)?")


@dataclass(frozen=True)
class Survey:
    """All that a report shows of one tagged file.

    Parameters
    ----------
    n, n_checked
        Accounts in all, and those read by a person.
    whole
        Shares of the causes in all accounts.
    by, groups
        Kept column and shares in its groups; None without one.
    date, periods
        Kept column and shares a period, in order; None without one.
    undated
        Accounts whose date could not be read, left out of the periods.
    together
        Pairs of causes named for the same account, most frequent first.
    moves
        Whose move it is: share of accounts with such a cause named.
    share_unsure
        Accounts whose surest cause is named with less than one in two.
    made_with
        Release, codebook and data of the model, for who wants to do it again.
    evaluation
        How good the tagger is on its test part; None if it was not recorded.
    quotations
        Sentences that carry each cause, personal data hidden; empty unless asked for.
    """

    n: int
    n_checked: int
    whole: tuple[Estimate, ...]
    by: str | None
    groups: Prevalence | None
    date: str | None
    periods: Prevalence | None
    undated: int
    together: tuple[tuple[str, str, int], ...]
    moves: Mapping[str, float]
    share_unsure: float
    evaluation: Mapping[str, object] | None
    codebook: Codebook
    made_with: str = ""
    quotations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """Cause id to the name shown."""
        book = self.codebook
        return {cause.id: cause.name for cause in (*book.causes, book.unexplained)}


def make_survey(
    tagged: Tagged,
    model: Model,
    checked: Mapping[str, frozenset[str]] | None = None,
    *,
    by: str | None = None,
    date: str | None = None,
) -> Survey:
    """Put the figures of a report together.

    Parameters
    ----------
    by
        Kept column whose values are groups.
    date
        Kept column of dates that begin with year and month, such as 2026-11-25.

    Raises
    ------
    DataError
        As `estimate_prevalence`; or if no date can be read.
    """
    whole = estimate_prevalence(tagged, model, checked, by)
    periods, undated = None, 0
    if date is not None:
        dated, undated = _put_into_periods(tagged, date, checked)
        periods = estimate_prevalence(dated, model, checked, date)
    estimates = tuple(e for e in whole.estimates if not e.group)
    pairs, moves = Counter[tuple[str, str]](), Counter[str]()
    for row, n in zip(*np.unique(tagged.named, axis=0, return_counts=True), strict=True):
        named = [cause for cause, is_named in zip(tagged.causes, row, strict=True) if is_named]
        pairs.update(dict.fromkeys(combinations(named, 2), int(n)))
        moves.update(dict.fromkeys(model.codebook.whose_move(named), int(n)))
    top = np.where(tagged.named, tagged.probabilities, 0).max(axis=1)
    any_named = tagged.named.any(axis=1)
    return Survey(
        n=len(tagged.ids),
        n_checked=estimates[0].share.n_checked,
        whole=estimates,
        by=by,
        groups=whole if by else None,
        date=date,
        periods=periods,
        undated=undated,
        together=tuple((a, b, n) for (a, b), n in pairs.most_common(8)),
        moves={move: n / len(tagged.ids) for move, n in moves.items()},
        share_unsure=float((any_named & (top < 0.5)).mean()),
        evaluation=model.about.get("evaluation"),
        codebook=model.codebook,
        made_with=f"rejectnlp {model.about['release']}, codebook {model.codebook.version}, "
        f"model learned from data {model.about['data']['sha256'][:12]}",
    )


def _put_into_periods(
    tagged: Tagged, date: str, checked: Mapping[str, frozenset[str]] | None
) -> tuple[Tagged, int]:
    """Name the month of each account; its quarter or year where months are too many or too thin."""
    found = [_DATE.match(value) for value in tagged.columns[date]]
    kept = [i for i, match in enumerate(found) if match]
    if not kept:
        raise DataError(
            f"no date in column '{date}' can be read",
            remedy="Dates have to begin with year and month: 2026-11 or 2026-11-25.",
        )
    months = [f"{match[1]}-{match[2]}" for match in found if match]
    quarters = {month: f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}" for month in set(months)}
    years = {month: month[:4] for month in set(months)}
    read = [
        month for i, month in zip(kept, months, strict=True) if tagged.ids[i] in (checked or {})
    ]
    for names in ({}, quarters, years):
        if _can_be_shown([names.get(m, m) for m in set(months)], [names.get(m, m) for m in read]):
            break
    periods = [names.get(month, month) for month in months]
    return (
        Tagged(
            [tagged.ids[i] for i in kept],
            tagged.causes,
            tagged.probabilities[kept],
            tagged.named[kept],
            {date: periods},
        ),
        len(found) - len(kept),
    )


def _can_be_shown(periods: Sequence[str], read: Sequence[str]) -> bool:
    """Say whether periods are few, and at most one in five has too few checked accounts."""
    counts, own = Counter(read), set(periods)
    n_thin = sum(counts[period] < SETTINGS.fewest_checked for period in own) if read else 0
    return len(own) <= SETTINGS.most_periods and n_thin <= len(own) / 5


def list_cautions(survey: Survey) -> list[str]:
    """Say what not to conclude, for this survey."""
    cautions = [
        "An account says why its teller, or somebody who spoke to them, thinks that it failed. "
        "It is not what happened, and the employer's side is missing.",
        "Who tells such a story, and where, is no sample of all rejections: shares hold for "
        "accounts like these.",
        '"Discrimination reported" means that the account reports it. It is no finding.',
    ]
    if not survey.n_checked:
        cautions.insert(
            0,
            "No account was read by a person: the shares rest on the data that the tagger learned "
            "from, and their intervals are wide for that. Reading a hundred, drawn at random, "
            "makes them yours (`rejectnlp sample`).",
        )
    if survey.groups and survey.groups.differences:
        cautions.append(
            "Differences between groups are not causes: groups differ in more than their name."
        )
    return cautions


def rows_of(survey: Survey) -> Sequence[dict[str, object]]:
    """Give every share as a flat row, for a table in a file."""
    parts = [("all", survey.whole)]
    if survey.groups:
        parts.append((survey.by or "", tuple(e for e in survey.groups.estimates if e.group)))
    if survey.periods:
        parts.append((survey.date or "", tuple(e for e in survey.periods.estimates if e.group)))
    return [
        {
            "part": part,
            "group": e.group,
            "cause": e.cause,
            "share": e.share.value,
            "low": e.share.low,
            "high": e.share.high,
            "tags": e.share_of_tags,
            "accounts": e.share.n,
            "checked": e.share.n_checked,
            "method": e.share.method,
        }
        for part, estimates in parts
        for e in estimates
    ]
