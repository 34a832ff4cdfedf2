"""A dataset in figures: what its datasheet shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from rejectnlp.agreement import Agreement, compare_readers
from rejectnlp.codebook import UNEXPLAINED, Codebook, read_codebook
from rejectnlp.dataset import GROUNDS, SPLITS, Labelled, find_near_duplicates
from rejectnlp.training import number_groups

FIRST_READERS = ("reader_1", "reader_2", "reader_3")


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
    accounts = [row for row in rows if row.kind == "account"]
    first = {r.id: r.votes["reader_1"] for r in accounts if "reader_1" in r.votes}
    second = {r.id: r.votes["reader_2"] for r in accounts if "reader_2" in r.votes}
    earlier = {row.id: _settle(row) for row in accounts if row.id in first}
    again = {r.id: r.votes["rereader_1"] for r in accounts if "rereader_1" in r.votes}
    return "\n\n".join(
        _show_agreement(compare_readers(one, other, codebook), title)
        for title, one, other in (
            ("Two readers, each by himself", first, second),
            ("The label these came to, and a new reader of the rewritten text", earlier, again),
        )
        if one.keys() & other.keys()
    )


def _settle(row: Labelled) -> list[str]:
    """Give the causes that two of the first readers saw."""
    named = Counter(c for reader in FIRST_READERS for c in row.votes.get(reader, ()))
    return [cause for cause, n in named.items() if n >= 2 and cause != UNEXPLAINED]


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
    changed = [row.id for row in read if set(row.votes["writer"]) != set(row.labels)]
    listed = ", ".join(own.removeprefix("sen-").lstrip("0") for own in changed)
    return (
        f"{len(read):,} of {len(written):,} sentences have a second reading; it differed from the "
        f"writer's label in {differ:,}, and {len(changed):,} have another label now"
        + (f": {listed}." if changed else ".")
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
