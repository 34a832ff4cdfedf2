"""Tag a file of accounts, row by row, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rejectnlp.accounts import Account
from rejectnlp.codebook import UNEXPLAINED
from rejectnlp.errors import OutputError
from rejectnlp.evidence import Finding
from rejectnlp.files import (
    BadRow,
    Table,
    choose_id_column,
    choose_text_column,
    open_table,
    open_writer,
    write_bad_rows,
)
from rejectnlp.scorer import Tagger

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
        columns = ["id", "causes", *numeric, "evidence", "whose_move", "note"]
        bad: list[BadRow] = []
        n_tagged = n_unexplained = n_noted = 0
        with open_writer(
            out, format, columns=columns, numeric=numeric, force=force, inputs=inputs
        ) as writer:
            accounts = read_accounts(table, text_column, id_column, bad)
            for finding in tagger.find(watch(accounts)):
                writer.write(finding.to_dict() if writer.is_nested else flatten(finding))
                n_tagged += 1
                n_unexplained += finding.causes == (UNEXPLAINED,)
                n_noted += bool(finding.note)
        for assumption in table.assumptions[len(said) :]:  # Some show only on the way.
            report(f"{table.name}: {assumption}")
    aside = _set_aside(out, bad, force=force)
    return Summary(n_tagged, n_unexplained, n_noted, tuple(bad), aside)


def read_accounts(
    table: Table, text_column: str, id_column: str | None, bad: list[BadRow]
) -> Iterator[Account]:
    """Give the accounts of a table; rows that cannot be read are added to `bad`.

    Without an id column the number of the row is its id.
    """
    for row in table:
        if isinstance(row, BadRow):
            bad.append(row)
        else:
            own_id = row.values.get(id_column, "") if id_column else ""
            yield Account(own_id or str(row.number), row.values.get(text_column, ""))


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
