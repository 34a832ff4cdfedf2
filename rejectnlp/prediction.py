"""Tag a file of accounts, row by row, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from rejectnlp.accounts import Account
from rejectnlp.codebook import UNEXPLAINED
from rejectnlp.errors import OutputError, UsageError, suggest
from rejectnlp.evidence import Finding
from rejectnlp.files import (
    BadRow,
    Table,
    choose_id_column,
    choose_text_column,
    list_columns,
    open_table,
    open_writer,
    write_bad_rows,
)
from rejectnlp.scorer import Tagger
from rejectnlp.settings import SETTINGS
from rejectnlp.storage import Model
from rejectnlp.workers import map_in_order

Report = Callable[[str], None]


@dataclass(frozen=True)
class Summary:
    """What became of the rows of a file.

    `bad_rows_file` is None where no row was set aside, or there is no output file to
    set them aside beside.
    """

    n_tagged: int
    n_unexplained: int
    n_noted: int
    bad_rows: tuple[BadRow, ...]
    bad_rows_file: Path | None


def predict_file(
    source: Path | str,
    tagger: Tagger,
    out: Path | None = None,
    *,
    text_column: str | None = None,
    id_column: str | None = None,
    keep: Sequence[str] = (),
    n_workers: int = 1,
    format: str | None = None,  # noqa: A002 - the option's name
    force: bool = False,
    report: Report = lambda message: None,
    watch: Callable[[Iterator[Any]], Iterator[Any]] = iter,
) -> Summary:
    """Tag every account of a file: one row out for each row in, same order, ids kept.

    Rows that cannot be read are set aside in `OUT.bad.csv`, never dropped in silence.

    Parameters
    ----------
    source
        CSV, TSV, JSONL, Parquet or XLSX; "-" reads standard input.
    out
        None writes to standard output. The format follows `format`, or the suffix.
    keep
        Columns of the file to write along, `("all",)` for all but the text and the id.
    n_workers
        Processes that tag; the rows and their order are the same with any number.
    report
        Called with what was assumed about the file.
    watch
        Wraps the rows on their way, for a progress bar.

    Raises
    ------
    UsageError, DataError, OutputError
        If the file, its columns or the place of the output are at fault.
    """
    _check_aside_free(out, force=force)
    inputs = [] if source == "-" else [Path(source)]
    with open_table(source) as table:
        said = table.assumptions
        for assumption in said:
            report(f"{table.name}: {assumption}")
        text_column = choose_text_column(table.columns, text_column)
        id_column = choose_id_column(table.columns, id_column)
        numeric = [f"p_{cause}" for cause in tagger.causes]
        own = ["id", "causes", *numeric, "evidence", "whose_move", "note"]
        kept = choose_kept(table.columns, keep, text_column, id_column, own)
        bad: list[BadRow] = []
        n_tagged = n_unexplained = n_noted = 0
        with open_writer(
            out, format, columns=[*own, *kept], numeric=numeric, force=force, inputs=inputs
        ) as writer:
            told = map(_cut, read_accounts(table, text_column, id_column, kept, bad))
            for row in _tag(watch(told), tagger, writer.is_nested, n_workers):
                writer.write(row)
                n_tagged += 1
                n_unexplained += row["causes"] in (UNEXPLAINED, [UNEXPLAINED])
                n_noted += bool(row["note"])
        for assumption in table.assumptions[len(said) :]:  # Some show only on the way.
            report(f"{table.name}: {assumption}")
    aside = _set_aside(out, bad, force=force)
    return Summary(n_tagged, n_unexplained, n_noted, tuple(bad), aside)


class Told(NamedTuple):
    """An account, and what the other columns of its row say that is to be kept."""

    account: Account
    kept: dict[str, str]


def read_accounts(
    table: Table,
    text_column: str,
    id_column: str | None,
    kept: Sequence[str],
    bad: list[BadRow],
) -> Iterator[Told]:
    """Give the accounts of a table; rows that cannot be read are added to `bad`.

    Without an id column the number of the row is its id.
    """
    for row in table:
        if isinstance(row, BadRow):
            bad.append(row)
        else:
            own_id = row.values.get(id_column, "") if id_column else ""
            account = Account(own_id or str(row.number), row.values.get(text_column, ""))
            yield Told(account, {name: row.values.get(name, "") for name in kept})


def _cut(told: Told) -> Told:
    """Keep of a text what is read of it, for some hundred are held at once."""
    if len(told.account.text) <= SETTINGS.longest_text:
        return told
    # One character more says that it was longer.
    read = told.account.text[: SETTINGS.longest_text + 1]
    return told._replace(account=Account(told.account.id, read))


def choose_kept(
    columns: Sequence[str],
    wanted: Sequence[str],
    text_column: str,
    id_column: str | None,
    own: Sequence[str],
) -> list[str]:
    """Choose the columns to write along: those wanted, in their order.

    Raises
    ------
    UsageError
        If a column is not there, or has the name of one that tagging adds.

    Examples
    --------
    >>> choose_kept(["id", "story", "date"], ["all"], "story", "id", ["id", "causes"])
    ['date']
    """
    if list(wanted) == ["all"]:
        wanted = [name for name in columns if name not in (text_column, id_column)]
    for name in wanted:
        if name not in columns:
            remedy = f"{suggest(name, columns)}Columns: {list_columns(columns)}."
            raise UsageError(f"--keep: no column '{name}'", remedy=remedy)
        if name in own:
            remedy = "Rename it in the file, or leave it out of --keep."
            raise UsageError(f"--keep: tagging adds a column '{name}' of its own", remedy=remedy)
    return list(dict.fromkeys(wanted))


def _tag(
    told: Iterable[Told], tagger: Tagger, is_nested: bool, n_workers: int
) -> Iterator[dict[str, Any]]:
    told = iter(told)
    chunks = iter(lambda: list(islice(told, SETTINGS.batch_size)), [])
    if n_workers == 1:
        for chunk in chunks:
            yield from _tag_chunk(chunk, tagger, is_nested)
        return
    given = (tagger.model, tagger.precision, is_nested)
    for rows in map_in_order(_work, chunks, n_workers=n_workers, start=_start, given=given):
        yield from rows


def _tag_chunk(chunk: list[Told], tagger: Tagger, is_nested: bool) -> Iterator[dict[str, Any]]:
    findings = tagger.find(account for account, _ in chunk)
    for finding, (_, kept) in zip(findings, chunk, strict=True):
        yield {**(finding.to_dict() if is_nested else flatten(finding)), **kept}


_worker: tuple[Tagger, bool]  # of a worker process; set once, when it starts


def _start(model: Model, precision: float | None, is_nested: bool) -> None:
    global _worker
    _worker = (Tagger(model, precision=precision), is_nested)


def _work(chunk: list[Told]) -> list[dict[str, Any]]:
    return list(_tag_chunk(chunk, *_worker))


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


def _set_aside(out: Path | None, bad: list[BadRow], *, force: bool) -> Path | None:
    if out is None:
        return None
    aside = _bad_rows_file(out)
    if bad:
        write_bad_rows(aside, bad, force=force)
        return aside
    if force:
        aside.unlink(missing_ok=True)  # Of an earlier run: it would belie this one.
    return None


def _bad_rows_file(out: Path) -> Path:
    return out.with_name(out.name + ".bad.csv")


def _check_aside_free(out: Path | None, *, force: bool) -> None:
    if out is not None and _bad_rows_file(out).exists() and not force:
        raise OutputError(
            "exists already, from an earlier run",
            place=str(_bad_rows_file(out)),
            remedy="Use --force to overwrite it, or another --out.",
        )
