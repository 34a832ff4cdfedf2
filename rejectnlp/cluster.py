"""The same verb on a Dask cluster: part for part, tables in, Parquet out.

Dask does the scheduling; here stands only what is done to one part. Each worker gets the
model once, from the scheduler, so that workers need no path to it.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rejectnlp import __version__
from rejectnlp.accounts import Account
from rejectnlp.batches import Work
from rejectnlp.codebook import UNEXPLAINED
from rejectnlp.errors import DataError, OutputError, RejectNLPError, UsageError
from rejectnlp.files import BadRow, choose_id_column, choose_text_column, open_table
from rejectnlp.files.writing import make_format
from rejectnlp.inputs import Aside, Told, Wanted, choose_kept, tell
from rejectnlp.prediction import Manner, Report, Summary, name_columns
from rejectnlp.scorer import Tagger
from rejectnlp.settings import SETTINGS

try:
    import dask.dataframe as dd
    import distributed
    import fsspec
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as _error:
    raise UsageError("a cluster needs Dask", remedy="pip install 'rejectnlp[cluster]'") from _error

_SUFFIXES = (".parquet", ".csv", ".tsv", ".jsonl", ".csv.gz", ".tsv.gz", ".jsonl.gz")


@dataclass(frozen=True)
class _Reading:
    """How a worker reads a part, and where it puts the rows that it cannot read."""

    wanted: Wanted
    kept: tuple[str, ...]
    aside: str


def predict_on_cluster(
    sources: Sequence[str],
    tagger: Tagger,
    out: str,
    scheduler: str,
    manner: Manner = Manner(),  # noqa: B008 - frozen
    *,
    force: bool = False,
    report: Report = lambda message: None,
) -> Summary:
    """Tag files on a Dask cluster: each becomes a Parquet file of the same name in `out`.

    The rows are those of `predict_files`, part for part. A worker that dies costs the
    parts it had in hand, which Dask gives to another one.

    Parameters
    ----------
    sources
        Parquet, CSV, TSV or JSONL: names or patterns, also such that `fsspec` knows
        (`s3://...`), on paths that all workers see. One file is one part, held in memory.
    out
        Folder, which all workers see; made if it is not there.
    scheduler
        Address of a Dask scheduler, or `local` for workers on this machine.

    Raises
    ------
    UsageError, DataError, OutputError
        If a library, a file, its columns or the place of the output are at fault.
    """
    paths = _find_parts(sources)
    names = _name_parts(paths, out, force=force)
    kept = _look_into(paths[0], tagger, manner.columns, report)
    system, folder = fsspec.core.url_to_fs(out)
    unfinished = f"{folder}/.unfinished-{uuid.uuid4().hex}"
    with _connected(scheduler) as client, _removed(system, unfinished):
        plugin = _Shipped(tagger, redacts=manner.redacts)
        with _explained(scheduler):
            client.register_plugin(plugin)
            url = system.unstrip_protocol(unfinished)
            _tag_parts(paths, names, url, _Reading(manner.columns, kept, url), plugin.name, tagger)
            summary = _sum_up(system, unfinished, names, out)
            client.unregister_worker_plugin(plugin.name)
        for name in [*names, *(f"{name}.bad.csv" for name in names)]:
            if system.exists(f"{folder}/{name}"):
                system.rm(f"{folder}/{name}")  # Of an earlier run; `force` was asked for.
            if system.exists(f"{unfinished}/{name}"):
                system.mv(f"{unfinished}/{name}", f"{folder}/{name}")
    return summary


class _Shipped(distributed.WorkerPlugin):
    """Brings the model to each worker once, to those that join later too."""

    def __init__(self, tagger: Tagger, *, redacts: bool) -> None:
        # Two runs at a time must not take each other's model.
        self.name = f"rejectnlp-{uuid.uuid4().hex}"
        self._given = (tagger.model, tagger.precision, redacts)
        self.work: Work | None = None

    def setup(self, worker: Any) -> None:
        """Make the tagger, on the worker."""
        model, precision, redacts = self._given
        self.work = Work(Tagger(model, precision=precision), is_nested=False, redacts=redacts)


def _find_parts(sources: Sequence[str]) -> list[str]:
    paths: dict[str, None] = {}
    for source in sources:
        system, pattern = fsspec.core.url_to_fs(source)
        found = sorted(system.glob(pattern))
        if not found:
            raise UsageError("matches no file", place=source)
        paths |= dict.fromkeys(map(system.unstrip_protocol, found))
    for path in paths:
        if not path.lower().endswith(_SUFFIXES):
            remedy = f"On a cluster these are read: {', '.join(_SUFFIXES)}."
            raise UsageError("is no part of a table", place=path, remedy=remedy)
    return list(paths)


def _name_parts(paths: Sequence[str], out: str, *, force: bool) -> list[str]:
    """Name the outputs, and see that none is there."""
    stems = [path.rsplit("/", 1)[-1].removesuffix(".gz").rsplit(".", 1)[0] for path in paths]
    names = [f"{stem}.parquet" for stem in stems]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        problem = f"several parts would become {', '.join(sorted(twice))}"
        raise UsageError(problem, remedy="Tag them into two folders.")
    system, folder = fsspec.core.url_to_fs(out)
    own = {system.unstrip_protocol(f"{folder}/{name}") for name in names}
    if own & set(paths):
        raise OutputError("is read as input", place=out, remedy="Use another --out.")
    there = [name for name in names if system.exists(f"{folder}/{name}")]
    if there and not force:
        remedy = "Use --force to overwrite it, or another --out."
        raise OutputError(f"{there[0]} exists already", place=out, remedy=remedy)
    return names


def _look_into(path: str, tagger: Tagger, wanted: Wanted, report: Report) -> tuple[str, ...]:
    """Choose the columns to keep by the first part; the others must have them too."""
    with _open_part(path) as table:
        for assumption in table.assumptions:
            report(f"{table.name}: {assumption}")
        text = choose_text_column(table.columns, wanted.text_column)
        own_id = choose_id_column(table.columns, wanted.id_column)
        own, _ = name_columns(tagger)
        return tuple(choose_kept(table.columns, wanted.keep, (text, own_id), own))


@contextmanager
def _open_part(path: str) -> Iterator[Any]:
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(fsspec.open(path, "rb", compression="infer"))
        except OSError as error:
            problem = f"cannot be read ({error.strerror or type(error).__name__})"
            raise DataError(problem, place=path) from error
        stream = raw if path.endswith(".parquet") else stack.enter_context(_Buffered(raw))
        yield stack.enter_context(open_table(Path(path.removesuffix(".gz")), stream=stream))


class _Buffered(io.BufferedReader):
    """Lets go of the stream beneath, which whoever opened it closes."""

    def close(self) -> None:
        with suppress(ValueError):
            self.detach()


@contextmanager
def _connected(scheduler: str) -> Iterator[Any]:
    with ExitStack() as stack:
        if scheduler == "local":
            cluster = distributed.LocalCluster(
                threads_per_worker=1, dashboard_address="127.0.0.1:0"
            )
            scheduler = stack.enter_context(cluster).scheduler_address
        try:
            client = stack.enter_context(
                distributed.Client(scheduler, timeout=SETTINGS.longest_wait)
            )
            client.wait_for_workers(1, timeout=SETTINGS.longest_wait)
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            remedy = "Look at the address, and whether it has workers."
            raise UsageError("no workers answer", place=scheduler, remedy=remedy) from error
        yield client


@contextmanager
def _removed(system: Any, folder: str) -> Iterator[None]:
    """Make a folder for the parts that are not all there yet, and take it away at the end."""
    system.makedirs(folder, exist_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):
            system.rm(folder, recursive=True)


@contextmanager
def _explained(scheduler: str) -> Iterator[None]:
    try:
        yield
    except RejectNLPError:
        raise
    except distributed.KilledWorker as error:
        problem = "a part was given up: it cost one worker after the other"
        remedy = "Give workers more memory, or cut the parts smaller."
        raise RejectNLPError(problem, place=scheduler, remedy=remedy) from error
    except ImportError as error:
        remedy = f"Install rejectnlp {__version__} where the workers run."
        raise UsageError("its workers lack a library", place=scheduler, remedy=remedy) from error
    except OSError as error:
        problem = f"a part could not be read or written ({error.strerror or error})"
        remedy = "All workers must see the paths, and may write to --out."
        raise OutputError(problem, place=scheduler, remedy=remedy) from error


def _tag_parts(
    paths: Sequence[str],
    names: Sequence[str],
    unfinished: str,
    reading: _Reading,
    key: str,
    tagger: Tagger,
) -> None:
    told = pd.DataFrame({c: pd.Series(dtype=str) for c in ("id", "text", *reading.kept)})
    own, numeric = name_columns(tagger)
    columns = [*own, *reading.kept]
    kinds = [(c, pa.float64() if c in numeric else pa.string()) for c in columns]
    tagged = pd.DataFrame({c: pd.Series(dtype=float if c in numeric else str) for c in columns})
    parts = dd.from_map(_read_part, list(paths), list(names), reading=reading, meta=told)
    parts = parts.map_partitions(_tag_part, key, columns, meta=tagged)
    parts.to_parquet(
        unfinished,
        name_function=lambda i: names[i],
        write_index=False,
        schema=pa.schema(kinds),
    )


def _read_part(path: str, name: str, reading: _Reading) -> pd.DataFrame:
    """Read one part, on a worker; rows that cannot be read go beside its output."""
    rows: list[list[str]] = []
    bad: list[BadRow] = []
    with _open_part(path) as table:
        text = choose_text_column(table.columns, reading.wanted.text_column)
        own_id = choose_id_column(table.columns, reading.wanted.id_column)
        choose_kept(table.columns, reading.kept, (), ())
        for row in table:
            if isinstance(row, BadRow):
                bad.append(row)
                continue
            account, kept = tell(row, text, own_id, reading.kept)
            rows.append([account.id, account.text, *kept.values()])
    if bad:
        with fsspec.open(f"{reading.aside}/{name}.bad.csv", "wb") as stream:
            table = make_format(stream, "csv", ("row", "reason", "raw"), ())
            for own in bad:
                table.write({"row": own.number, "reason": own.reason, "raw": own.raw})
    return pd.DataFrame(rows, columns=["id", "text", *reading.kept], dtype=str)


def _tag_part(part: pd.DataFrame, key: str, columns: Sequence[str]) -> pd.DataFrame:
    """Tag one part, on a worker, with the model that was brought there."""
    work: Work = vars(distributed.get_worker().plugins[key])["work"]
    _, _, *kept = part.columns
    told = [
        Told(Account(own_id, text), dict(zip(kept, values, strict=True)))
        for own_id, text, *values in part.itertuples(index=False)
    ]
    return pd.DataFrame(work.make_rows(told), columns=list(columns))


def _sum_up(system: Any, folder: str, names: Sequence[str], out: str) -> Summary:
    """Count what was written, part by part, and name the first rows that could not be read."""
    n_tagged = n_unexplained = n_noted = n_bad = 0
    named: list[Aside] = []
    for name in names:
        with system.open(f"{folder}/{name}", "rb") as stream:
            columns = pq.read_table(stream, columns=["causes", "note"]).to_pydict()
        n_tagged += len(columns["causes"])
        n_unexplained += columns["causes"].count(UNEXPLAINED)
        n_noted += len(columns["note"]) - columns["note"].count("")
        if not system.exists(f"{folder}/{name}.bad.csv"):
            continue
        with _open_part(system.unstrip_protocol(f"{folder}/{name}.bad.csv")) as table:
            for row in table:
                n_bad += 1
                own = row.values
                if len(named) < SETTINGS.most_rows_named:
                    named.append(Aside(name, int(own["row"]), own["reason"], own["raw"]))
    aside = Path(out, "*.bad.csv") if n_bad else None
    return Summary(n_tagged, n_unexplained, n_noted, n_bad, tuple(named), aside)
