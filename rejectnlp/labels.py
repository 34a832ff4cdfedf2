"""Labelled accounts from the dataset's own format or from any table with a text and a label."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rejectnlp.agreement import settle_votes
from rejectnlp.codebook import UNEXPLAINED, Codebook, read_codebook
from rejectnlp.dataset import Labelled, read_rows
from rejectnlp.errors import DataError, UsageError, quoted, suggest
from rejectnlp.files import BadRow, choose_column, choose_text_column, open_table
from rejectnlp.settings import SETTINGS, asset_path
from rejectnlp.tagged import split_labels

Report = Callable[[str], None]
_CHECKED = "checked"
_LABEL_COLUMNS = (_CHECKED, "labels", "label", "causes", "cause", "category", "class", "reason")

HARD_CASES = "hard_cases.jsonl"
"""The codebook's decided cases: for testing, never learned from."""


def default_data() -> list[Path]:
    """Name the dataset's files in a checkout.

    Raises
    ------
    UsageError
        If there is no checkout: the wheel carries the model, not the data.
    """
    paths = sorted(asset_path("data", "").glob("*.jsonl"))
    paths = [path for path in paths if path.name != HARD_CASES]
    if not paths:
        raise UsageError("the dataset is not installed", remedy="Name the files to read.")
    return paths


def read_labelled(
    paths: Sequence[Path],
    text_column: str | None = None,
    label_column: str | None = None,
    *,
    codebook: Codebook | None = None,
    report: Report = lambda message: None,
) -> tuple[list[Labelled], Codebook]:
    """Read labelled accounts, and find the codebook that their labels belong to.

    Parameters
    ----------
    paths
        JSON Lines in the dataset's format, or tables; none reads the project's dataset.
    codebook
        Whose causes the labels must be; None takes the project's codebook if the labels
        are its causes, and otherwise makes one of the labels, in alphabetical order.

    Raises
    ------
    DataError
        If labels are not in the codebook, all bad rows at once.
    """
    paths = list(paths) or default_data()
    for path in paths:
        if not path.is_file():
            what = "is a folder, not a file" if path.is_dir() else "no such file"
            raise UsageError(what, place=str(path))
    paths = _without_hard_cases(paths, report)
    own = [path for path in paths if _is_dataset(path)]
    files = dict(zip(own, _read_datasets(own), strict=True))
    for path in paths:
        if path not in own:
            files[path] = _read_table(path, text_column, label_column, report)
    rows = _settle_readings(files, report)
    if not rows:
        raise DataError("no labelled rows", place=", ".join(p.name for p in paths))
    codebook = codebook or _choose_codebook(rows, report)
    _check_labels(rows, codebook)
    return rows, codebook


def _without_hard_cases(paths: list[Path], report: Report) -> list[Path]:
    """Leave out the cases kept for testing where `data/*.jsonl` brings them along."""
    rest = [path for path in paths if path.name != HARD_CASES]
    if not rest or len(rest) == len(paths):
        return paths
    report(f"{HARD_CASES} left out: its cases are for testing only")
    return rest


def _read_datasets(paths: Sequence[Path]) -> list[list[Labelled]]:
    try:
        return [read_rows([path]) for path in paths]
    except DataError:
        read_rows(paths)  # Names the bad lines of all files at once.
        raise


def _is_dataset(path: Path) -> bool:
    """Tell the dataset's format by its first row."""
    if path.suffix != ".jsonl":
        return False
    with path.open(encoding="utf-8", errors="replace") as lines:
        try:
            first = json.loads(lines.readline(2**20))
        except (ValueError, RecursionError):
            return False
    return isinstance(first, dict) and "text" in first and isinstance(first.get("labels"), list)


def _read_table(
    path: Path, text_column: str | None, label_column: str | None, report: Report
) -> list[Labelled]:
    rows: list[Labelled] = []
    bad: list[BadRow] = []
    n_open = 0
    with open_table(path) as table:
        text = choose_text_column(table.columns, text_column)
        label = choose_column(
            table.columns, label_column, _LABEL_COLUMNS, "the causes", "--label-column"
        )
        for row in table:
            if isinstance(row, BadRow):
                bad.append(row)
                continue
            if label.lower() == _CHECKED and not row.values.get(label, "").strip():
                n_open += 1  # Not read yet: an empty cell is no answer here.
                continue
            rows.append(
                Labelled(
                    id=f"{path.name}:{row.number}",
                    text=row.values.get(text, ""),
                    labels=tuple(dict.fromkeys(split_labels(row.values.get(label, ""))))
                    or (UNEXPLAINED,),
                    origin={"type": "authored"},
                )
            )
        for assumption in table.assumptions:
            report(f"{table.name}: {assumption}")
    if n_open:
        report(f"{path.name}: {n_open:,} rows without an answer in `{label}` left out")
    if bad:
        listed = "\n".join(f"  row {b.number}: {b.reason}" for b in bad[:20])
        raise DataError(
            f"{len(bad)} rows cannot be read:",
            place=path.name,
            remedy=f"\n{listed}\nMend or remove them: half a file teaches something else.",
        )
    return rows


def _settle_readings(files: Mapping[Path, Sequence[Labelled]], report: Report) -> list[Labelled]:
    """Make one row of the readings of one text, which several files or labellers give.

    Left apart they would weigh double, and stand on both sides of a fold. Labels are
    settled by majority, and where that decides nothing by the first reading.
    """
    groups: dict[tuple[str, str], list[tuple[Path, Labelled]]] = defaultdict(list)
    for path, rows in files.items():
        for row in rows:
            groups[row.kind, row.text.strip()].append((path, row))
    settled: list[Labelled] = []
    n_merged = n_undecided = 0
    differing: list[list[tuple[Path, Labelled]]] = []
    for group in groups.values():
        readings = [row for _, row in group]
        differ = len({frozenset(row.labels) for row in readings}) > 1
        if not differ and len({path for path, _ in group}) == 1:
            settled += readings  # What one file repeats is its own affair.
            continue
        labels = settle_votes([row.labels for row in readings])
        settled.append(_merge(readings, labels or readings[0].labels))
        n_merged += len(readings) - 1
        n_undecided += labels is None
        if differ:
            differing.append(group)
    if n_merged:
        report(f"{n_merged:,} rows have a text that another row has: made one row of each text")
    if differing:
        report(
            f"{len(differing):,} texts are labelled differently: {_say_where(differing)}. The "
            f"majority's labels are taken; it decides nothing in {n_undecided:,}, which keep the "
            "first one's"
        )
    return settled


def _say_where(groups: Sequence[Sequence[tuple[Path, Labelled]]]) -> str:
    names = dict.fromkeys(path.name for group in groups for path, _ in group)
    ids = ["/".join(dict.fromkeys(row.id for _, row in group)) for group in groups]
    more = f" and {len(ids) - 5:,} more" if len(ids) > 5 else ""
    return f"in {', '.join(names)}, ids {', '.join(ids[:5])}{more}"


def _merge(readings: Sequence[Labelled], labels: tuple[str, ...]) -> Labelled:
    evidence = []
    for label in labels:
        marked = ([s for s in row.evidence if s.cause == label] for row in readings)
        evidence += next(filter(None, marked), [])
    votes = {who: vote for row in readings for who, vote in row.votes.items()}
    # What keeps a text in its part and with its page must not get lost.
    kept = max(readings, key=lambda row: (row.split == "test", bool(row.groups)))
    return replace(kept, labels=labels, evidence=tuple(evidence), votes=votes)


def _choose_codebook(rows: Sequence[Labelled], report: Report) -> Codebook:
    codebook = read_codebook()
    counts = Counter(label for row in rows for label in row.labels)
    counts.pop(UNEXPLAINED, None)
    known = sum(n for label, n in counts.items() if label in codebook.ids)
    if known * 2 >= sum(counts.values()):
        return codebook
    own = sorted(counts)
    report(f"labels are not the codebook's causes: training on {len(own)} causes of your own")
    for label in own:
        if counts[label] < SETTINGS.fewest_positives:
            others = (other for other in own if counts[other] > counts[label])
            report(
                f"  {quoted(label)} has {counts[label]} accounts only. "
                f"{suggest(label, others)}".rstrip()
            )
    return Codebook.from_ids(own)


def _check_labels(rows: Sequence[Labelled], codebook: Codebook) -> None:
    known = (*codebook.ids, UNEXPLAINED)
    wrong = [(row.id, label) for row in rows for label in row.labels if label not in known]
    if wrong:
        listed = "\n".join(
            f"  {row_id}: cause {quoted(label)}. {suggest(label, known)}".rstrip()
            for row_id, label in wrong[:20]
        )
        more = f"\n  and {len(wrong) - 20} more" if len(wrong) > 20 else ""
        raise DataError(
            f"{len(wrong)} labels are not in the codebook:",
            remedy=f"\n{listed}{more}\n`rejectnlp causes` lists those of a model.",
        )
