"""Accounts worth a person's reading: drawn at random, the doubtful ones, or rare causes."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rejectnlp.errors import UsageError, suggest
from rejectnlp.files import BadRow, choose_id_column, choose_text_column, open_table, open_writer
from rejectnlp.inputs import Told, read_accounts
from rejectnlp.scorer import Tagger
from rejectnlp.settings import SETTINGS

PURPOSES = {
    "prevalence": "drawn at random, every account with the same chance",
    "audit": "where the tagger is least sure whether to name a cause",
    "training": "where rare causes are likely, each cause in turn",
}
"""What a sample can be for, and how it is drawn."""


@dataclass(frozen=True)
class Drawn:
    """What was drawn: how many, of how many that could be read, and rows that could not."""

    n: int
    n_accounts: int
    n_bad: int


def draw_sample(
    source: Path | str,
    purpose: str,
    n: int,
    out: Path | None,
    *,
    tagger: Tagger,
    text_column: str | None = None,
    id_column: str | None = None,
    format: str | None = None,  # noqa: A002 - the option's name
    seed: int = SETTINGS.seed,
    force: bool = False,
    watch: Callable[[Iterator[Told]], Iterator[Told]] = iter,
) -> Drawn:
    """Draw accounts and write them with an empty column `checked` for a reader's answer.

    What the model says of them is not written: readers should not know it. Only the drawn
    accounts are held in memory, in the order of the file.

    Raises
    ------
    UsageError, DataError, OutputError
        If the purpose, the file or the place of the output are at fault.
    """
    if purpose not in PURPOSES:
        remedy = f"{suggest(purpose, PURPOSES)}Known are {', '.join(PURPOSES)}."
        raise UsageError(f"no sample is for '{purpose}'", remedy=remedy)
    columns = ["id", "text", "checked", *(["weight"] if purpose == "prevalence" else [])]
    inputs = [] if source == "-" else [Path(source)]
    writer = open_writer(
        out,
        format or (None if out else "csv"),
        columns=columns,
        force=force,
        inputs=inputs,
        numeric=["weight"],
    )
    bad: list[BadRow] = []
    with open_table(source) as table:
        told = read_accounts(
            table,
            choose_text_column(table.columns, text_column),
            choose_id_column(table.columns, id_column),
            (),
            bad,
        )
        counted = _Counted(watch(told))
        if purpose == "prevalence":
            chosen = _draw_at_random(counted, n, seed)
        elif purpose == "audit":
            chosen = _draw_doubtful(counted, n, tagger)
        else:
            chosen = _draw_rare(counted, n, tagger)
    with writer:
        for account in chosen:
            row: dict[str, object] = {"id": account.account.id, "text": account.account.text}
            row["checked"] = ""
            if purpose == "prevalence":
                row["weight"] = counted.n / len(chosen)
            writer.write(row)
    return Drawn(len(chosen), counted.n, len(bad))


class _Counted:
    """Counts accounts on their way."""

    def __init__(self, told: Iterable[Told]) -> None:
        self._told = told
        self.n = 0

    def __iter__(self) -> Iterator[Told]:
        for account in self._told:
            self.n += 1
            yield account


def _draw_at_random(told: Iterable[Told], n: int, seed: int) -> list[Told]:
    """Draw n with equal chances from a stream of unknown length (Vitter's algorithm R)."""
    # A seeded draw that anyone can repeat, not a secret.
    rng = random.Random(seed)
    drawn: list[tuple[int, Told]] = []
    for i, account in enumerate(told):
        if i < n:
            drawn.append((i, account))
        elif (place := rng.randrange(i + 1)) < n:
            drawn[place] = (i, account)
    return [account for _, account in sorted(drawn, key=lambda pair: pair[0])]


def _draw_doubtful(told: Iterable[Told], n: int, tagger: Tagger) -> list[Told]:
    """Keep the n whose likeliest undecided cause is nearest to its cut-off."""
    cutoffs: dict[str, float] = dict(zip(tagger.causes, tagger.cutoffs.tolist(), strict=True))

    def doubt(probabilities: dict[str, float]) -> float:
        return -min(
            abs(p - cutoffs[cause]) / max(cutoffs[cause], 1e-9)
            for cause, p in probabilities.items()
        )

    return _keep_largest(told, n, tagger, doubt)


def _draw_rare(told: Iterable[Told], n: int, tagger: Tagger) -> list[Told]:
    """Keep the likeliest accounts of each cause, as many of one as of another."""
    each = max(1, n // len(tagger.causes))
    heaps: dict[str, list[tuple[float, int, Told]]] = {cause: [] for cause in tagger.causes}
    for i, (account, probabilities) in enumerate(_score(told, tagger)):
        for cause, p in probabilities.items():
            _push(heaps[cause], each + n % len(tagger.causes), (p, -i, account))
    chosen: dict[int, Told] = {}
    rank = 0
    ordered = [sorted(heap, reverse=True) for heap in heaps.values()]
    while len(chosen) < n and any(rank < len(own) for own in ordered):
        for own in ordered:
            if rank < len(own) and len(chosen) < n:
                chosen[-own[rank][1]] = own[rank][2]
        rank += 1
    return [chosen[i] for i in sorted(chosen)]


def _keep_largest(
    told: Iterable[Told], n: int, tagger: Tagger, worth: Callable[[dict[str, float]], float]
) -> list[Told]:
    heap: list[tuple[float, int, Told]] = []
    for i, (account, probabilities) in enumerate(_score(told, tagger)):
        _push(heap, n, (worth(probabilities), -i, account))
    return [account for _, _, account in sorted(heap, key=lambda kept: -kept[1])]


def _push(heap: list[tuple[float, int, Told]], n: int, item: tuple[float, int, Told]) -> None:
    if len(heap) < n:
        heapq.heappush(heap, item)
    elif item[:2] > heap[0][:2]:
        heapq.heapreplace(heap, item)


def _score(told: Iterable[Told], tagger: Tagger) -> Iterator[tuple[Told, dict[str, float]]]:
    waiting: list[Told] = []

    def flush() -> Iterator[tuple[Told, dict[str, float]]]:
        rows = tagger.predict_proba([own.account.text for own in waiting]).tolist()
        for own, row in zip(waiting, rows, strict=True):
            yield own, dict(zip(tagger.causes, row, strict=True))
        waiting.clear()

    for account in told:
        waiting.append(account)
        if len(waiting) == SETTINGS.batch_size:
            yield from flush()
    yield from flush()
