"""Labelled accounts, passages and sentences: one format, read, written and checked."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rejectnlp.codebook import UNEXPLAINED, Codebook, read_codebook
from rejectnlp.errors import DataError, UsageError

KINDS = ("account", "passage", "sentence", "out_of_scope")
SPLITS = ("train", "dev", "test")
GROUNDS = ("said", "shown", "claimed")
ORIGINS = ("page", "article", "authored", "own")


@dataclass(frozen=True)
class Span:
    """The words that give the grounds for a cause: `text[start:end]` of the row.

    `ground` says which rule of the codebook holds: `said` by the employer, `shown` by
    the events, or `claimed` by the narrator with a ground.
    """

    cause: str
    start: int
    end: int
    ground: str


@dataclass(frozen=True)
class Labelled:
    """One row of the dataset; `data/README.md` describes every part.

    `labels` is never empty: a text that gives no grounds is `unexplained`.
    """

    id: str
    text: str
    labels: tuple[str, ...]
    kind: str = "account"
    split: str = "train"
    evidence: tuple[Span, ...] = ()
    origin: Mapping[str, str] = field(default_factory=dict)
    votes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def causes(self) -> tuple[str, ...]:
        """The labels without `unexplained`."""
        return tuple(label for label in self.labels if label != UNEXPLAINED)

    @property
    def groups(self) -> tuple[str, ...]:
        """What splits and folds never tear apart: page and author."""
        if self.origin.get("type") == "authored":
            return ()
        keys = ("pointer", "author")
        return tuple(f"{key}:{_page(self.origin[key])}" for key in keys if self.origin.get(key))

    def to_dict(self) -> dict[str, Any]:
        """Give the row as plain values, in the order of the file format."""
        return {
            "id": self.id,
            "kind": self.kind,
            "split": self.split,
            "text": self.text,
            "labels": list(self.labels),
            "evidence": [dict(vars(span)) for span in self.evidence],
            "origin": dict(self.origin),
            "votes": {reader: list(labels) for reader, labels in self.votes.items()},
        }


def _page(pointer: str) -> str:
    """Shorten a pointer to its page: two comments of one page belong together."""
    return pointer.split("#", 1)[0]


def read_rows(paths: Iterable[Path]) -> list[Labelled]:
    """Read rows of the dataset's own format from JSON Lines files.

    Raises
    ------
    DataError
        If a line is not a row, naming every bad line of every file at once.
    """
    rows: list[Labelled] = []
    problems: list[str] = []
    for path in paths:
        for number, line in enumerate(_read_lines(path), 1):
            try:
                if line.strip():
                    rows.append(_read_row(json.loads(line)))
            except KeyError as error:
                problems.append(f"{path.name}, line {number}: {error} is missing")
            except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
                problems.append(f"{path.name}, line {number}: not a row of the dataset")
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems[:50])
        raise DataError(
            f"{len(problems)} unreadable lines:",
            remedy=f"\n{listed}\ndata/README.md describes the format.",
        )
    return rows


def _read_lines(path: Path) -> list[str]:
    try:
        # Not splitlines: a text may hold other line ends than the format's own.
        return path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", place=str(path)) from error
    except UnicodeDecodeError as error:
        raise DataError("is not UTF-8 text", place=str(path)) from error


def _read_row(parts: Mapping[str, Any]) -> Labelled:
    labels = parts["labels"]
    if not isinstance(parts["text"], str) or not isinstance(labels, list):
        raise TypeError
    return Labelled(
        id=str(parts["id"]),
        text=parts["text"],
        labels=tuple(str(label) for label in labels),
        kind=str(parts.get("kind", "account")),
        split=str(parts.get("split", "train")),
        evidence=tuple(
            Span(str(s["cause"]), int(s["start"]), int(s["end"]), str(s["ground"]))
            for s in parts.get("evidence", ())
        ),
        origin={str(k): str(v) for k, v in parts.get("origin", {}).items()},
        votes={str(k): tuple(map(str, v)) for k, v in parts.get("votes", {}).items()},
    )


def write_rows(rows: Iterable[Labelled], path: Path) -> None:
    """Write rows as JSON Lines, one a line, in the order given."""
    lines = (json.dumps(row.to_dict(), ensure_ascii=False) for row in rows)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def check_rows(rows: Sequence[Labelled], codebook: Codebook | None = None) -> list[str]:
    """List everything that is wrong with a dataset, all at once.

    Schema, labels, spans inside the text, repeated ids, near-duplicates (but for authored
    sentences that differ in their labels), and pages or authors that stand in more than one
    split.

    Examples
    --------
    >>> row = Labelled("a", "No words.", ("skill_gap",))
    >>> check_rows([row])
    ["a: cause 'skill_gap' is not in the codebook. Did you mean 'skills_gap'?"]
    """
    codebook = codebook or read_codebook()
    problems = [f"{row.id}: {problem}" for row in rows for problem in _check_row(row, codebook)]
    problems += _check_ids(rows)
    problems += _check_groups(rows)
    problems += [
        f"{a.id} and {b.id}: near-duplicates ({share:.0%} of the shorter one's five-word runs)"
        for a, b, share in find_near_duplicates(rows)
        if not _is_contrast(a, b)
    ]
    return problems


def _is_contrast(a: Labelled, b: Labelled) -> bool:
    """Tell two authored sentences that are alike so as to show what makes the difference."""
    both = (a, b)
    return a.labels != b.labels and all(
        row.kind == "sentence" and row.origin.get("type") == "authored" for row in both
    )


def _check_row(row: Labelled, codebook: Codebook) -> Iterator[str]:
    if not row.text.strip():
        yield "the text is empty"
    if wrong := codebook.check(row.labels):
        yield wrong
    for name, value, known in (
        ("kind", row.kind, KINDS),
        ("split", row.split, SPLITS),
        ("origin type", row.origin.get("type", "authored"), ORIGINS),
    ):
        if value not in known:
            yield f"{name} '{value}' is none of {', '.join(known)}"
    yield from _check_spans(row)
    for reader, labels in row.votes.items():
        if wrong := codebook.check(labels):
            yield f"vote of {reader}: {wrong}"


def _check_spans(row: Labelled) -> Iterator[str]:
    for span in row.evidence:
        if not 0 <= span.start < span.end <= len(row.text):
            yield f"span {span.start}-{span.end} lies outside the text"
        if span.cause not in row.labels:
            yield f"evidence for '{span.cause}', which is not among the labels"
        if span.ground not in GROUNDS:
            yield f"ground '{span.ground}' is none of {', '.join(GROUNDS)}"
    if row.kind == "account" and row.evidence:
        shown = {span.cause for span in row.evidence}
        for cause in row.causes:
            if cause not in shown:
                yield f"'{cause}' has no words marked as evidence"


def _check_ids(rows: Sequence[Labelled]) -> Iterator[str]:
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            yield f"{row.id}: this id stands twice"
        seen.add(row.id)


def _check_groups(rows: Sequence[Labelled]) -> Iterator[str]:
    splits: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        for group in row.groups:
            splits[group].setdefault(row.split, row.id)
    for group, by_split in splits.items():
        if len(by_split) > 1:
            where = ", ".join(f"{i} in {split}" for split, i in by_split.items())
            yield f"{group.split(':', 1)[0]} shared across splits: {where}"


_WORD = re.compile(r"\w+")


def find_near_duplicates(
    rows: Sequence[Labelled], *, run: int = 5, share: float = 0.5
) -> list[tuple[Labelled, Labelled, float]]:
    """Find pairs of rows that share much of their wording.

    Parameters
    ----------
    run
        Words in a shingle.
    share
        Share of the shorter row's shingles from which a pair counts.

    References
    ----------
    Broder, On the resemblance and containment of documents (1997).

    Examples
    --------
    >>> a = Labelled("a", "they said that I would hear by the end of May", ("unexplained",))
    >>> b = Labelled("b", "They said that I would hear by the end of June", ("unexplained",))
    >>> [(x.id, y.id) for x, y, _ in find_near_duplicates([a, b])]
    [('a', 'b')]
    """
    shingles = [_shingles(row.text, run) for row in rows]
    where: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, runs in enumerate(shingles):
        for words in runs:
            where[words].append(i)
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for places in where.values():
        for n, j in enumerate(places):
            for i in places[:n]:
                shared[i, j] += 1
    pairs = []
    for (i, j), n_shared in sorted(shared.items()):
        overlap = n_shared / min(len(shingles[i]), len(shingles[j]))
        if overlap >= share:
            pairs.append((rows[i], rows[j], overlap))
    return pairs


def _shingles(text: str, run: int) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    # A row shorter than a run is its own only shingle.
    return {tuple(words[i : i + run]) for i in range(max(1, len(words) - run + 1))}
