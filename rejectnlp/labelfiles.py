"""Answers of labellers into other files and back: tables, Label Studio, disagreements."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rejectnlp.agreement import Agreement, Answers, settle_votes
from rejectnlp.codebook import UNEXPLAINED, Codebook, read_codebook
from rejectnlp.errors import DataError, UsageError
from rejectnlp.files import (
    BadRow,
    Row,
    Writer,
    choose_id_column,
    open_table,
    open_writer,
    read_text,
    write_text,
)
from rejectnlp.labelling import (
    Desk,
    Pile,
    check_labeller,
    check_same_texts,
    choose_label_file,
    open_desk,
)
from rejectnlp.labelstudio import make_task, read_tasks
from rejectnlp.readings import READER, Reading, read_readings
from rejectnlp.tagged import read_checked

ANSWER_COLUMNS = ("checked", "doubt", "note")
"""Columns that a table of answers has beside those of the accounts."""


@dataclass(frozen=True)
class Exported:
    """How many rows were written, and of them answered; where labellers differ undecided."""

    n: int
    n_answered: int
    n_unsettled: int


def export_answers(
    source: Path,
    pile: Pile,
    desks: Sequence[Desk],
    out: Path,
    *,
    id_column: str | None = None,
    force: bool = False,
) -> Exported:
    """Write the accounts with their answers: as tasks of Label Studio (`.json`), or a table.

    A table is FILE with all its columns, the answers in `checked`; `rejectnlp prevalence
    --checked` and `rejectnlp train` take it. Several labellers are settled by majority,
    and where that decides nothing the answer is left open. Tasks keep every reading.
    """
    if out.suffix == ".json":
        return _export_tasks(pile, desks, out, force)
    with ExitStack() as stack:
        table = stack.enter_context(open_table(source))
        own_id = choose_id_column(table.columns, id_column)
        columns = [] if "id" in table.columns else ["id"]
        columns += [*table.columns, *(c for c in ANSWER_COLUMNS if c not in table.columns)]
        writer = stack.enter_context(
            open_writer(out, None, columns=columns, force=force, inputs=[source])
        )
        rows = (row for row in table if isinstance(row, Row))
        return _write_answers(rows, own_id, pile, desks, writer)


def _write_answers(
    rows: Iterable[Row], own_id: str | None, pile: Pile, desks: Sequence[Desk], writer: Writer
) -> Exported:
    settled = {account.id: _settle(account.id, desks) for account in pile.accounts}
    n_answered = n_unsettled = 0
    for row in rows:
        number = row.values.get(own_id, "") if own_id else ""
        values: dict[str, object] = {**row.values, "id": number or str(row.number)}
        answer = settled.get(str(values["id"]))
        n_answered += bool(answer and answer.labels)
        n_unsettled += bool(answer and not answer.labels)
        writer.write(values | _tell(answer, values))
    return Exported(writer.n_rows, n_answered, n_unsettled)


def _tell(answer: Reading | None, values: Mapping[str, object]) -> dict[str, object]:
    """Give the answer's cells; a cell that a person filled by hand stays where there is none."""
    told = {"checked": "", "doubt": "", "note": ""}
    if answer:
        told["checked"] = "; ".join(answer.labels)
        told |= {"doubt": "yes" * answer.doubt, "note": answer.note}
    return {name: told[name] or values.get(name, "") for name in told}


def _settle(own_id: str, desks: Sequence[Desk]) -> Reading | None:
    """Give the one answer of several labellers, without labels where they leave it open."""
    readings = [desk.readings[own_id] for desk in desks if own_id in desk.readings]
    if not readings:
        return None
    labels = settle_votes([reading.labels for reading in readings]) or ()
    ordered = [c for c in (*desks[0].codebook.ids, UNEXPLAINED) if c in labels]
    notes = " / ".join(reading.note for reading in readings if reading.note)
    first = readings[0]
    doubt = any(reading.doubt for reading in readings)
    return Reading(own_id, first.text, tuple(ordered), (), doubt, notes)


def _export_tasks(pile: Pile, desks: Sequence[Desk], out: Path, force: bool) -> Exported:
    tasks = [
        make_task(account, [d.readings[account.id] for d in desks if account.id in d.readings])
        for account in pile.accounts
    ]
    lines = ",\n".join(json.dumps(task, ensure_ascii=False) for task in tasks)
    write_text(out, f"[\n{lines}\n]\n", force=force)
    return Exported(len(tasks), sum(bool(task["annotations"]) for task in tasks), 0)


def import_answers(
    export: Path,
    source: Path,
    pile: Pile,
    codebook: Codebook,
    *,
    labeller: str = "",
    path: Path | None = None,
    force: bool = False,
) -> tuple[list[Desk], int]:
    """Make a file of answers for each labeller of an export of Label Studio.

    Gives them, and how many annotations were skipped there. A `labeller` or `path` can be
    given where the export is of one person.

    Raises
    ------
    DataError, UsageError, OutputError
        If the export is at fault, is of other accounts, or a file stands there already.
    """
    found, n_skipped = read_tasks(export, codebook)
    if len(found) > 1 and (labeller or path):
        remedy = f"Leave --labeller and --labels out; they are {', '.join(sorted(found))}."
        raise UsageError(f"is of {len(found)} labellers", place=str(export), remedy=remedy)
    known = {account.id for account in pile.accounts}
    n_strange = sum(own_id not in known for own in found.values() for own_id in own)
    if n_strange:
        remedy = "Import it beside the accounts it was made from, with the same ids."
        problem = f"{n_strange:,} annotations are of accounts that {pile.source} does not have"
        raise DataError(problem, place=str(export), remedy=remedy)
    named = {check_labeller(labeller or who): readings for who, readings in sorted(found.items())}
    targets = {name: path or choose_label_file(source, name) for name in named}
    for name, target in targets.items():
        check_same_texts(pile, named[name], export)
        if target.exists() and not force:
            remedy = "Use --force to put the import in its place, or another --labels."
            raise UsageError("exists already", place=str(target), remedy=remedy)
    desks = []
    for name, target in targets.items():
        target.unlink(missing_ok=True)
        desk = open_desk(pile, target, name, codebook)
        desk.keep_all(named[name].values())
        desks.append(desk)
    return desks, n_skipped


def read_answers(path: Path, codebook: Codebook) -> tuple[Answers, dict[str, str]]:
    """Read one labeller's answers of any format, and the texts where it has them.

    Raises
    ------
    DataError, UsageError
        If the file is at fault, or holds more than one labeller's answers.
    """
    if path.suffix == ".json":
        found, _ = read_tasks(path, codebook)
        if len(found) != 1:
            remedy = "Make a file of each: rejectnlp label FILE --import EXPORT.json"
            raise UsageError(f"is of {len(found)} labellers", place=str(path), remedy=remedy)
        [readings] = found.values()
        answers = {own_id: frozenset(r.labels) - {UNEXPLAINED} for own_id, r in readings.items()}
        return answers, {own_id: reading.text for own_id, reading in readings.items()}
    return read_checked(path, codebook), dict(_read_texts(path))


def _read_texts(path: Path) -> Iterator[tuple[str, str]]:
    with open_table(path) as table:
        for row in table:
            if not isinstance(row, BadRow) and "text" in row.values:
                yield row.values.get("id", ""), row.values["text"]


def write_differences(
    found: Agreement, texts: Mapping[str, str], out: Path, *, force: bool = False
) -> None:
    """Write the accounts where two readers differ, both answers, and an empty `checked`.

    `rejectnlp label` shows a third reader the text alone.
    """
    columns = ("id", "text", "first", "second", "checked")
    with open_writer(out, None, columns=columns, force=force) as writer:
        for own_id, first, second in found.differences:
            answers = {"first": "; ".join(first), "second": "; ".join(second), "checked": ""}
            writer.write({"id": own_id, "text": texts.get(own_id, ""), **answers})


def choose_codebook(path: Path | None, model: Path | None) -> Codebook:
    """Read the codebook of a file, of a model, or the project's."""
    if path and model:
        raise UsageError("--codebook and --model both bring causes", remedy="Name one of them.")
    if model:
        from rejectnlp.storage import load_model

        return load_model(model).codebook
    if path is None:
        return read_codebook()
    try:
        return Codebook.from_dict(json.loads(read_text(path)))
    except (ValueError, TypeError, RecursionError, DataError) as error:
        remedy = "`rejectnlp causes --json` shows what it should be."
        raise DataError("is not a codebook", place=str(path), remedy=remedy) from error


def choose_desks(
    pile: Pile,
    source: Path,
    paths: Sequence[Path],
    labeller: str,
    codebook: Codebook,
    *,
    many: bool = False,
) -> list[Desk]:
    """Open the answers to go on with; or, with `many`, those of all the files named.

    Raises
    ------
    UsageError
        If several files are named to go on with, or one to read is missing.
    """
    labeller = check_labeller(labeller) if labeller else ""
    default = choose_label_file(source, labeller)
    paths = list(paths) or [default]
    missing = [path for path in paths if path != default and not path.exists()]
    if many and missing:
        raise UsageError("no such file", place=str(missing[0]))
    if many:
        return [_open_as_given(pile, path, codebook) for path in paths]
    if len(paths) > 1:
        raise UsageError("one labeller has one file", remedy="Several --labels go with --export.")
    return [open_desk(pile, paths[0], labeller or READER, codebook)]


def _open_as_given(pile: Pile, path: Path, codebook: Codebook) -> Desk:
    if not path.exists():
        return Desk(pile, path, READER, codebook)
    labellers = {name for name, _ in read_readings(path).values()}
    return open_desk(pile, path, min(labellers, default=READER), codebook)
