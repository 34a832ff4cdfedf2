"""Tag files of accounts, row by row, in bounded memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from rejectnlp import __version__
from rejectnlp.batches import Chunk, Tagged, Work, collect_rarely, cut_up, tag_in_order
from rejectnlp.errors import UsageError
from rejectnlp.files import LongWriter, Writer, find_files, is_device, open_writer
from rejectnlp.inputs import Accounts, Aside, Told, Wanted, identify_file
from rejectnlp.scorer import Tagger
from rejectnlp.settings import SETTINGS

Report = Callable[[str], None]
Rows = Iterator[Told | Aside]


class Watch(Protocol):
    """Wraps rows on their way, to show how far the work is."""

    def __call__(
        self, rows: Rows, share_read: Callable[[], float | None], n_before: int, /
    ) -> Rows:
        """Give the rows; `n_before` were done by a run that this one goes on with."""


def _unwatched(rows: Rows, share_read: Callable[[], float | None], n_before: int) -> Rows:
    return rows


@dataclass(frozen=True)
class Manner:
    """How to tag and to write: what a run that is gone on with must have the same.

    Parameters
    ----------
    columns
        Which columns of the files to read and to keep.
    format
        Of the output; None follows its suffix, or is JSONL on standard output.
    redacts
        Whether names, addresses and the like are hidden in the evidence.
    is_strict
        Whether the first row that cannot be read ends the work.
    """

    columns: Wanted = Wanted()  # noqa: RUF009 - frozen
    format: str | None = None
    redacts: bool = False
    is_strict: bool = False


@dataclass(frozen=True)
class Summary:
    """What became of the rows.

    `bad_rows` are those that could not be read: all of them where there is no file to set
    them aside in, else the first ten, and `bad_rows_file` holds all.
    """

    n_tagged: int
    n_unexplained: int
    n_noted: int
    n_bad: int
    bad_rows: tuple[Aside, ...]
    bad_rows_file: Path | None


def predict_files(
    sources: Sequence[Path | str],
    tagger: Tagger,
    out: Path | None = None,
    manner: Manner = Manner(),
    *,
    n_workers: int = 1,
    force: bool = False,
    resume: bool = False,
    report: Report = lambda message: None,
    watch: Watch = _unwatched,
) -> Summary:
    """Tag every account of files: one row out for each row in, same order, ids kept.

    Rows that cannot be read are set aside in `OUT.bad.csv`, never dropped in silence. A
    run into a file that is killed, at any moment, can be gone on with; what it gives in
    the end is what it would have given undisturbed, byte for byte (XLSX: cell for cell).

    Parameters
    ----------
    sources
        CSV, TSV, JSONL, Parquet or XLSX, or patterns of such; "-" reads standard input.
        With more than one file, a column `file` names each row's.
    out
        None writes to standard output.
    n_workers
        Processes that tag; the rows and their order are the same with any number.
    resume
        Go on with the unfinished run into `out`, if there is one.
    report
        Called with what was assumed about the files.
    watch
        Wraps the rows on their way, for a progress bar.

    Raises
    ------
    UsageError, DataError, OutputError
        If a file, its columns or the place of the output are at fault, or the unfinished
        run was begun with something else.
    """
    paths = find_files(sources, report)
    own, numeric = name_columns(tagger)
    with Accounts(paths, manner.columns, own, report) as accounts:
        columns = [*own, *(["file"] if accounts.are_many else []), *accounts.kept]
        writer = _open(out, manner, paths, tagger, columns, numeric, force=force, resume=resume)
        with writer:
            progress = _Progress(writer, is_kept=out is not None)
            if writer.found:
                report(f"{out}: {writer.found}")
            if not writer.is_written:
                rows = progress.skip(iter(accounts), report)
                watched = watch(rows, accounts.share_read, progress.tally.n_read)
                chunks = cut_up(watched, is_strict=manner.is_strict)
                work = Work(tagger, writer.is_nested, manner.redacts, writer.to_line)
                with collect_rarely():
                    for chunk, tagged in tag_in_order(chunks, work, n_workers):
                        progress.write(chunk, tagged)
    return progress.sum_up(bad_rows_file(out) if out and not is_device(out) else None)


def name_columns(tagger: Tagger) -> tuple[list[str], list[str]]:
    """Name the columns of a tagged table, and those of them that are numbers."""
    numeric = [f"p_{cause}" for cause in tagger.causes]
    return ["id", "causes", *numeric, "evidence", "whose_move", "note"], numeric


def identify_run(paths: Sequence[Path], tagger: Tagger, manner: Manner) -> dict[str, str]:
    """Say what a run is begun with, by name: with the same, the same comes out."""
    wanted = manner.columns
    return {
        "version of rejectnlp": __version__,
        "model": _identify_model(tagger),
        "--precision": str(tagger.precision),
        "--text-column": str(wanted.text_column),
        "--id-column": str(wanted.id_column),
        "--keep": json.dumps(wanted.keep),
        "--format": str(manner.format),
        "--redact": str(manner.redacts),
        "order of files": json.dumps([str(path) for path in paths]),
        **{f"content of {path}": identify_file(path) for path in paths},
    }


def _identify_model(tagger: Tagger) -> str:
    model = tagger.model
    seen = hashlib.blake2b(json.dumps(model.codebook.to_dict()).encode(), digest_size=16)
    for numbers in (model.weights, model.idf, model.intercepts, model.platt, model.cutoffs):
        seen.update(numbers.tobytes())
    return seen.hexdigest()


def bad_rows_file(out: Path) -> Path:
    """Name the file in which rows that could not be read are set aside."""
    return out.with_name(out.name + ".bad.csv")


def _open(
    out: Path | None,
    manner: Manner,
    paths: Sequence[Path],
    tagger: Tagger,
    columns: Sequence[str],
    numeric: Sequence[str],
    *,
    force: bool,
    resume: bool,
) -> Writer | LongWriter:
    can_resume = all(path.is_file() for path in paths)
    if out is None or is_device(out) or (resume and not can_resume):
        if resume:
            what = "to go on with" if can_resume else "that a pipe gives twice"
            raise UsageError(f"--resume: there is nothing {what}", remedy="Use files, and --out.")
        return open_writer(out, manner.format, columns=columns, numeric=numeric)
    named = ["file"] if len(paths) > 1 else []
    return LongWriter(
        out,
        manner.format,
        columns=columns,
        numeric=numeric,
        aside=bad_rows_file(out),
        aside_columns=[*named, "row", "reason", "raw"],
        begun=identify_run(paths, tagger, manner) if can_resume else None,
        resume=resume,
        force=force,
        inputs=[path for path in paths if can_resume],
    )


@dataclass
class _Tally:
    n_read: int = 0
    n_tagged: int = 0
    n_unexplained: int = 0
    n_noted: int = 0
    n_bad: int = 0


class _Progress:
    """What was done for the rows so far, this run's and that of the one it goes on with."""

    def __init__(self, writer: Writer | LongWriter, *, is_kept: bool) -> None:
        self._writer = writer
        self._most_named = SETTINGS.most_rows_named if is_kept else None
        self._named: list[Aside] = []
        self.tally = _Tally(**writer.state)

    def skip(self, rows: Rows, report: Report) -> Rows:
        """Pass by the rows that an earlier run did; those set aside are named again."""
        n_before = self.tally.n_read
        for row in islice(rows, n_before):
            if isinstance(row, Aside):
                self._name(row)
        if n_before:
            report(f"going on after {n_before:,} rows")
        return rows

    def write(self, chunk: Chunk, tagged: Tagged) -> None:
        tally = self.tally
        if tagged.lines:
            self._writer.write_lines(tagged.lines, tagged.n_tagged)
        for row in tagged.rows:
            self._writer.write(row)
        tally.n_unexplained += tagged.n_unexplained
        tally.n_noted += tagged.n_noted
        for bad in chunk.bad:
            self._name(bad)
            self._writer.set_aside(bad._asdict())
        tally.n_tagged += tagged.n_tagged
        tally.n_bad += len(chunk.bad)
        tally.n_read += len(chunk.told) + len(chunk.bad)
        self._writer.checkpoint(asdict(tally))

    def _name(self, bad: Aside) -> None:
        if self._most_named is None or len(self._named) < self._most_named:
            self._named.append(bad)

    def sum_up(self, aside: Path | None) -> Summary:
        tally = self.tally
        return Summary(
            tally.n_tagged,
            tally.n_unexplained,
            tally.n_noted,
            tally.n_bad,
            tuple(self._named),
            aside if tally.n_bad else None,
        )
