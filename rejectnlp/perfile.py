"""Files tagged one by one into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rejectnlp.errors import OutputError, UsageError
from rejectnlp.files import FORMATS, find_files, read_journal, remove_journal, write_journal
from rejectnlp.inputs import identify_file
from rejectnlp.prediction import (
    Manner,
    Report,
    Summary,
    bad_rows_file,
    identify_run,
    predict_files,
)
from rejectnlp.scorer import Tagger
from rejectnlp.settings import SETTINGS


def predict_each(
    sources: Sequence[Path | str],
    tagger: Tagger,
    folder: Path,
    manner: Manner = Manner(),  # noqa: B008 - frozen
    *,
    force: bool = False,
    resume: bool = False,
    report: Report = lambda message: None,
    **options: Any,
) -> Summary:
    """Tag each file into a file of the same name in a folder, made if it is not there.

    The suffix is the format's, where one is asked for. When an interrupted run is gone on
    with, files that it had finished are not tagged again.

    Parameters
    ----------
    options
        As for `predict_files`.

    Raises
    ------
    UsageError, DataError, OutputError
        As `predict_files`; or if two files would get one name.
    """
    targets = name_targets(find_files(sources, report), folder, manner.format)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        problem = f"cannot be made ({error.strerror})"
        raise OutputError(problem, place=str(folder)) from error
    done = _Done(folder, identify_run([], tagger, manner), resume=resume)
    parts = []
    for target, path in targets.items():
        if (summary := done.find(path, target)) is None:
            is_ours = done.begin(path, target)
            summary = predict_files(
                [path],
                tagger,
                target,
                manner,
                force=force or is_ours,
                resume=resume,
                report=report,
                **options,
            )
            done.end(path, summary)
            report(f"{target}: {summary.n_tagged:,} accounts")
        parts.append(summary)
    done.close()
    return _add_up(parts)


def name_targets(
    paths: Sequence[Path],
    folder: Path,
    format: str | None,  # noqa: A002 - the option's name
) -> dict[Path, Path]:
    """Give the file that each input becomes, and the input.

    Raises
    ------
    UsageError
        If two would become one, or an input has no name or no format to be written in.

    Examples
    --------
    >>> targets = name_targets([Path("a.csv"), Path("b/c.jsonl.gz")], Path("out"), "parquet")
    >>> [(path.as_posix(), target.name) for target, path in targets.items()]
    [('a.csv', 'a.parquet'), ('b/c.jsonl.gz', 'c.parquet')]
    """
    targets: dict[Path, Path] = {}
    for path in paths:
        target = folder / _name_target(path, format)
        if target in targets:
            problem = f"{targets[target]} and {path} would both become {target}"
            raise UsageError(problem, remedy="Tag them into two folders.")
        targets[target] = path
    return targets


def _name_target(path: Path, format: str | None) -> str:  # noqa: A002 - the option's name
    if path == Path("-"):
        raise UsageError("standard input has no name", remedy="Name a file with --out.")
    inner = Path(path.name.removesuffix(".gz"))
    if format:
        return f"{inner.stem}.{format}"
    if inner.suffix.lower()[1:] not in (*FORMATS, "ndjson"):
        remedy = f"Say --format, one of {', '.join(FORMATS)}."
        raise UsageError("has a suffix in which nothing is written", place=path.name, remedy=remedy)
    return path.name


class _Done:
    """Which files a run into a folder has finished, kept in the folder until all are."""

    def __init__(self, folder: Path, begun: dict[str, str], *, resume: bool) -> None:
        self._path = folder / ".rejectnlp.journal"
        found = read_journal(self._path) if resume else None
        if found and found["begun"] != begun:
            changed = [key for key in begun if found["begun"].get(key) != begun[key]]
            problem = f"the unfinished run was begun with another {', another '.join(changed)}"
            remedy = "Start again without --resume."
            raise OutputError(problem, place=str(folder), remedy=remedy)
        self._journal: dict[str, Any] = found or {"begun": begun, "at": "", "done": {}}

    def find(self, path: Path, target: Path) -> Summary | None:
        kept = self._journal["done"].get(str(path))
        if not kept or kept["content"] != identify_file(path) or not target.exists():
            return None
        n_tagged, n_unexplained, n_noted, n_bad = kept["numbers"]
        aside = bad_rows_file(target) if n_bad else None
        return Summary(n_tagged, n_unexplained, n_noted, n_bad, (), aside)

    def begin(self, path: Path, target: Path) -> bool:
        """Note that a file is begun; say whether what is there is the earlier run's.

        It may have given the file its name and had no time to note it: then it may be
        written once more.
        """
        if self._journal["at"] == str(path):
            return not self._journal["was_there"]
        self._journal |= {"at": str(path), "was_there": target.exists()}
        write_journal(self._path, self._journal)
        return False

    def end(self, path: Path, summary: Summary) -> None:
        numbers = [summary.n_tagged, summary.n_unexplained, summary.n_noted, summary.n_bad]
        self._journal["done"][str(path)] = {"content": identify_file(path), "numbers": numbers}
        write_journal(self._path, self._journal)

    def close(self) -> None:
        remove_journal(self._path)


def _add_up(parts: Sequence[Summary]) -> Summary:
    shown = [bad for part in parts for bad in part.bad_rows][: SETTINGS.most_rows_named]
    files = [part.bad_rows_file for part in parts if part.bad_rows_file]
    return Summary(
        sum(part.n_tagged for part in parts),
        sum(part.n_unexplained for part in parts),
        sum(part.n_noted for part in parts),
        sum(part.n_bad for part in parts),
        tuple(shown),
        files[0].with_name("*.bad.csv") if len(files) > 1 else next(iter(files), None),
    )
