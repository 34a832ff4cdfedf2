"""A person's own labels of an account: checked, and kept in one file in the dataset's format."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.dataset import Labelled, Span, check_rows, read_rows
from rejectnlp.errors import DataError
from rejectnlp.files import write_text


def make_correction(
    text: str, labels: Sequence[str], evidence: Sequence[Span], codebook: Codebook
) -> Labelled:
    """Make a row of the dataset of one account and what a person says about it.

    Raises
    ------
    DataError
        If a label is unknown, or a cause has no words that show it.

    Examples
    --------
    >>> from rejectnlp.codebook import read_codebook
    >>> row = make_correction("Two weeks of silence.", ["unexplained"], [], read_codebook())
    >>> row.kind, row.votes
    ('account', {'coach': ('unexplained',)})
    """
    order = {cause: n for n, cause in enumerate((*codebook.ids, UNEXPLAINED))}
    labels = tuple(sorted(dict.fromkeys(labels), key=lambda cause: order.get(cause, 0)))
    row = Labelled(
        id=f"own-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:12]}",
        text=text,
        labels=labels,
        evidence=tuple(sorted(evidence, key=lambda span: (span.start, span.end))),
        origin={"type": "own"},
        votes={"coach": labels},
    )
    problems = check_rows([row], codebook)
    if row.causes and not row.evidence:
        problems.append(f"no words are marked for {', '.join(row.causes)}")
    if problems:
        said = "; ".join(problem.removeprefix(f"{row.id}: ") for problem in problems)
        raise DataError(said, remedy="Mark the words that show each cause you tick.")
    return row


def keep_correction(row: Labelled, path: Path) -> int:
    """Add a row to a file of corrections, or put it in place of an earlier one of its text.

    The file is written whole or not at all. Gives the number of rows it now has.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "own.jsonl")
    >>> row = Labelled("own-1", "Two weeks of silence.", ("unexplained",))
    >>> keep_correction(row, path), keep_correction(row, path)
    (1, 1)
    """
    rows = read_rows([path]) if path.exists() else []
    kept = [json.dumps(r.to_dict(), ensure_ascii=False) for r in rows if r.id != row.id]
    kept.append(json.dumps(row.to_dict(), ensure_ascii=False))
    write_text(path, "\n".join(kept) + "\n", force=True)
    return len(kept)
