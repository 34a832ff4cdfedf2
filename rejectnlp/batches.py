"""Accounts tagged some at a time, in one process or several, as rows of output."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import tee
from typing import Any

from rejectnlp.codebook import UNEXPLAINED
from rejectnlp.errors import DataError
from rejectnlp.evidence import Finding, redact_finding
from rejectnlp.files import ToLine
from rejectnlp.inputs import Aside, Told
from rejectnlp.scorer import Tagger
from rejectnlp.settings import SETTINGS
from rejectnlp.storage import Model
from rejectnlp.workers import map_in_order

_RARELY = 50_000  # objects made before the garbage collector looks


@dataclass(frozen=True)
class Chunk:
    """Rows read together: those that tell an account, and those that could not be read."""

    told: tuple[Told, ...]
    bad: tuple[Aside, ...]


@dataclass(frozen=True)
class Tagged:
    """What came of a chunk: its rows, or the lines made of them, and what they hold."""

    rows: tuple[dict[str, Any], ...]
    lines: bytes
    n_tagged: int
    n_unexplained: int
    n_noted: int


@dataclass(frozen=True)
class Work:
    """What is done to each account.

    Parameters
    ----------
    is_nested
        Whether rows may hold lists and mappings.
    redacts
        Whether personal data is hidden in the evidence.
    to_line
        Makes the line of a row where it is tagged; None gives the rows.
    """

    tagger: Tagger
    is_nested: bool
    redacts: bool = False
    to_line: ToLine | None = None

    def tag(self, told: Sequence[Told]) -> Tagged:
        """Tag accounts, in order."""
        rows = self.make_rows(told)
        return Tagged(
            rows=() if self.to_line else tuple(rows),
            lines=b"".join(map(self.to_line, rows)) if self.to_line else b"",
            n_tagged=len(rows),
            n_unexplained=sum(row["causes"] in (UNEXPLAINED, [UNEXPLAINED]) for row in rows),
            n_noted=sum(bool(row["note"]) for row in rows),
        )

    def make_rows(self, told: Sequence[Told]) -> list[dict[str, Any]]:
        """Give the rows of output, in order."""
        findings = self.tagger.find(account for account, _ in told)
        return [
            {**self._show(finding), **kept}
            for finding, (_, kept) in zip(findings, told, strict=True)
        ]

    def _show(self, finding: Finding) -> dict[str, Any]:
        if self.redacts:
            finding = redact_finding(finding)
        return finding.to_dict() if self.is_nested else flatten(finding)


def cut_up(rows: Iterable[Told | Aside], *, is_strict: bool = False) -> Iterator[Chunk]:
    """Put rows together into chunks.

    Raises
    ------
    DataError
        If a row could not be read, and `is_strict`.
    """
    told: list[Told] = []
    bad: list[Aside] = []
    for row in rows:
        if isinstance(row, Told):
            told.append(row)
        elif is_strict:
            remedy = "Mend it, or leave out --strict: then such rows are set aside."
            raise DataError(row.reason, place=f"{row.file}, row {row.row}", remedy=remedy)
        else:
            bad.append(row)
        if len(told) + len(bad) == SETTINGS.batch_size:
            yield Chunk(tuple(told), tuple(bad))
            told, bad = [], []
    if told or bad:
        yield Chunk(tuple(told), tuple(bad))


def tag_in_order(
    chunks: Iterable[Chunk], work: Work, n_workers: int
) -> Iterator[tuple[Chunk, Tagged]]:
    """Give each chunk with its tagged rows, in order, with any number of processes."""
    if n_workers == 1:
        for chunk in chunks:
            yield chunk, work.tag(chunk.told)
        return
    sent, kept = tee(chunks)
    tagger = work.tagger
    given = (tagger.model, tagger.precision, work.is_nested, work.redacts, work.to_line)
    told = (chunk.told for chunk in sent)
    results = map_in_order(_work, told, n_workers=n_workers, start=_start, given=given)
    with closing(results):  # type: ignore[type-var]  # a generator, though it says less
        for tagged in results:
            yield next(kept), tagged


@contextmanager
def collect_rarely() -> Iterator[None]:
    """Let the garbage collector look less often while rows stream: they hold no cycles.

    It takes a tenth of the time of tagging otherwise.
    """
    before = gc.get_threshold()
    gc.set_threshold(_RARELY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


_worker: Work  # of a worker process; set once, when it starts


def _start(model: Model, precision: float | None, *manner: Any) -> None:
    global _worker
    gc.set_threshold(_RARELY)
    _worker = Work(Tagger(model, precision=precision), *manner)


def _work(told: Sequence[Told]) -> Tagged:
    return _worker.tag(told)


def flatten(finding: Finding) -> dict[str, object]:
    """Give a finding as the cells of one row of a flat table."""
    return {
        "id": finding.id,
        "causes": ";".join(finding.causes),
        **{f"p_{cause}": p for cause, p in finding.probabilities.items()},
        "evidence": " | ".join(f"{e.cause}: {' '.join(e.text.split())}" for e in finding.evidence),
        "whose_move": ";".join(finding.whose_move),
        "note": finding.note,
    }
