"""Typical sentences of a tagged file, fit to be shown to others as far as a machine can tell."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from rejectnlp.redaction import redact
from rejectnlp.settings import SETTINGS
from rejectnlp.tagged import Tagged

QUOTED = (
    "Quoted from accounts that the tagger is most sure of. Names, addresses, numbers, links and "
    "firms are hidden as far as a machine finds them; read them before you send this on."
)


def choose_quotations(tagged: Tagged, by: str | None = None) -> dict[str, tuple[str, ...]]:
    """Choose up to three sentences for each cause: of the surest accounts, the shortest.

    No cause is quoted that fewer accounts than `SETTINGS.smallest_group` tell, and no
    account of a group so small: they could be recognised. Personal data is hidden; see
    `redaction` for what that misses.

    Parameters
    ----------
    tagged
        Read with its column `evidence` kept.
    by
        Kept column whose values are groups.
    """
    groups = tagged.columns[by] if by else [""] * len(tagged.ids)
    sizes = Counter(groups)
    quotations = {}
    for column, cause in enumerate(tagged.causes):
        rows = tagged.named[:, column].nonzero()[0]
        if len(rows) < SETTINGS.smallest_group:
            continue
        shown = [row for row in rows.tolist() if sizes[groups[row]] >= SETTINGS.smallest_group]
        surest = sorted(shown, key=lambda row: -tagged.probabilities[row, column])
        texts = _quote(tagged, surest, cause)
        if texts:
            quotations[cause] = texts
    return quotations


def _quote(tagged: Tagged, rows: Sequence[int], cause: str) -> tuple[str, ...]:
    """Give the shortest sentences among those of the surest tenth of accounts."""
    n = max(SETTINGS.smallest_group, len(rows) // 10)
    told = (
        text
        for row in rows[:n]
        for text in read_evidence(tagged.columns["evidence"][row], cause, tagged.causes)
    )
    chosen: dict[str, None] = {}
    # In its words, since two accounts may be copies of each other; hidden one by one, for to
    # hide personal data in all of them would take longer than all the rest.
    for text in sorted(dict.fromkeys(told), key=len):
        hidden = redact(text)[0]
        if SETTINGS.fewest_words < len(hidden.split()) and len(hidden) <= SETTINGS.longest_quoted:
            chosen[hidden] = None
        if len(chosen) == SETTINGS.most_quoted:
            break
    return tuple(chosen)


def read_evidence(cell: str, cause: str, causes: Sequence[str]) -> Iterator[str]:
    """Give the sentences of a cause from a cell of the column `evidence`, or its JSON.

    Examples
    --------
    >>> cell = "skills_gap: No SQL. | follow_up: Silence | then more. | skills_gap: Nor R."
    >>> list(read_evidence(cell, "skills_gap", ["skills_gap", "follow_up"]))
    ['No SQL.', 'Nor R.']
    """
    if cell.startswith("[{"):
        for own in json.loads(cell):
            if own["cause"] == cause:
                yield " ".join(own["text"].split())
        return
    # A sentence may hold the mark between sentences; no cause's name comes after it then.
    start = re.compile(rf"(?:^| \| )({'|'.join(map(re.escape, causes))}): ")
    _, *parts = start.split(cell)
    for own, text in zip(parts[::2], parts[1::2], strict=True):
        if own == cause:
            yield text
