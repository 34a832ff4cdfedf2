"""A dataset in figures: what its datasheet shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from rejectnlp.agreement import Agreement, compare_readers
from rejectnlp.codebook import UNEXPLAINED, Codebook, read_codebook
from rejectnlp.dataset import GROUNDS, SPLITS, Labelled, find_near_duplicates
from rejectnlp.training import number_groups

LABELS = "labels"  # the label that the earlier readings came to, and the rereading was held to
READERS = {
    ("reader_1", "reader_2"): "Two readers, each by himself",
    ("rereader_1", LABELS): "A new reader of the rewritten text, and the final label",
}


def describe_rows(rows: Sequence[Labelled], codebook: Codebook | None = None) -> str:
    """Give Markdown tables: composition, causes, splits, grounds, agreement, wording."""
    codebook = codebook or read_codebook()
    parts = [
        ("Composition", _describe_kinds(rows)),
        ("Causes", _describe_causes(rows, codebook)),
        ("Where the accounts come from", _describe_origins(rows)),
        ("Agreement of readers", _describe_agreement(rows, codebook)),
        ("Readings of the sentences", _describe_readings(rows)),
        ("Wording", _describe_wording(rows)),
    ]
    return "\n\n".join(f"### {title}\n\n{text}" for title, text in parts if text)


def _table(header: Sequence[str], body: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *body]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _describe_kinds(rows: Sequence[Labelled]) -> str:
    kinds = Counter(row.kind for row in rows)
    body = []
    for kind, n in kinds.most_common():
        own = [row for row in rows if row.kind == kind]
        lengths = sorted(len(row.text.split()) for row in own)
        n_splits = [sum(row.split == split for row in own) for split in SPLITS]
        body.append((kind, n, *n_splits, median(lengths), lengths[0], lengths[-1]))
    return _table(("kind", "rows", *SPLITS, "median words", "fewest", "most"), body)


def _describe_causes(rows: Sequence[Labelled], codebook: Codebook) -> str:
    accounts = [row for row in rows if row.kind == "account"]
    sentences = [row for row in rows if row.kind == "sentence"]
    grounds = Counter(
        (s.cause, s.ground)
        for row in accounts
        for s in {(e.cause, e.ground): e for e in row.evidence}.values()
    )
    body = []
    for cause in (*codebook.ids, UNEXPLAINED):
        own = [row for row in accounts if cause in row.labels]
        body.append(
            (
                cause,
                len(own),
                *(sum(row.split == split for row in own) for split in SPLITS),
                sum(cause in row.labels for row in sentences),
                *(grounds[cause, ground] for ground in GROUNDS),
            )
        )
    header = ("cause", "accounts", *SPLITS, "sentences", *GROUNDS)
    n_labels = Counter(len(row.causes) for row in accounts)
    several = sum(n for k, n in n_labels.items() if k > 1)
    note = f"{several:,} accounts carry more than one cause." if accounts else ""
    return f"{_table(header, body)}\n\n{note}"


def _describe_origins(rows: Sequence[Labelled]) -> str:
    accounts = [row for row in rows if row.kind == "account" and row.origin.get("pointer")]
    if not accounts:
        return ""
    lines = [
        f"{len(accounts):,} accounts from {len({r.origin['pointer'] for r in accounts}):,} pages"
        f" ({len(set(number_groups(accounts).values())):,} groups of pages and authors)."
    ]
    for key in ("venue", "sampling", "country", "job"):
        counts = Counter(row.origin.get(key, "??") for row in accounts)
        top = ", ".join(f"{name} {n}" for name, n in counts.most_common(14))
        more = f", and {len(counts) - 14} more" if len(counts) > 14 else ""
        lines.append(f"- {key}: {top}{more}")
    return "\n".join(lines)


def _describe_agreement(rows: Sequence[Labelled], codebook: Codebook) -> str:
    parts = []
    for (first, second), title in READERS.items():
        read = [r for r in rows if r.kind == "account" and first in r.votes]
        read = [r for r in read if second == LABELS or second in r.votes]
        answers = {r.id: r.votes.get(second, r.labels) for r in read}
        if answers:
            found = compare_readers({r.id: r.votes[first] for r in read}, answers, codebook)
            parts.append(_show_agreement(found, title))
    return "\n\n".join(parts)


def _show_agreement(found: Agreement, title: str) -> str:
    body = [(c.cause, c.both, c.only_first, c.only_second, f"{c.f1:.3f}") for c in found.causes]
    return (
        f"{title}: {found.n:,} accounts; the same set of causes in {found.n_same / found.n:.1%}; "
        f"Krippendorff's alpha (MASI distance) {found.alpha:.3f}; macro-F1 between them "
        f"{found.macro_f1:.3f}."
        f"\n\n{_table(('cause', 'both', 'only first', 'only second', 'F1'), body)}"
    )


def _describe_readings(rows: Sequence[Labelled]) -> str:
    written = [row for row in rows if row.kind == "sentence" and "writer" in row.votes]
    if not written:
        return ""
    read = [row for row in written if "reader_1" in row.votes]
    differ = sum(set(row.votes["writer"]) != set(row.votes["reader_1"]) for row in read)
    changed = sum(set(row.votes["writer"]) != set(row.labels) for row in read)
    return (
        f"{len(read):,} of {len(written):,} sentences have a second reading; it differed from the "
        f"writer's label in {differ:,}, and {changed:,} have another label now."
    )


def _describe_wording(rows: Sequence[Labelled]) -> str:
    lines = []
    for kind in ("account", "sentence"):
        texts = [row.text for row in rows if row.kind == kind]
        if not texts:
            continue
        openings = Counter(" ".join(text.lower().split()[:2]) for text in texts)
        top, n = openings.most_common(1)[0]
        n_words = len({word for text in texts for word in text.lower().split()})
        lines.append(
            f'- {kind}s: {n_words:,} distinct words; most common opening "{top}" '
            f"({n / len(texts):.1%})"
        )
    pairs = find_near_duplicates(rows)
    lines.append(
        f"- pairs that share half or more of the shorter one's five-word runs: {len(pairs)}"
    )
    return "\n".join(lines)
