"""Tables that take long to write: killed at any moment, they can be gone on with.

Rows go into a hidden part beside the target. From the third second on a journal says
every two seconds how many of its bytes are good, and what the caller had done for
them. Text formats grow in the part as they will stand in the file; Parquet, Excel and
packed files cannot be cut off and gone on with, so that their part is plain and they are
made of it at the end. The journal holds numbers and names, never a text.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from rejectnlp.errors import DataError, OutputError, RejectNLPError, UsageError
from rejectnlp.files.delimited import DelimitedFormat
from rejectnlp.files.excel import refuse_overfull
from rejectnlp.files.jsonl import make_json_line
from rejectnlp.files.parquet import load_pyarrow
from rejectnlp.files.parts import (
    open_locked,
    open_private,
    read_journal,
    remove_journal,
    sync,
    sync_folder,
    write_journal,
)
from rejectnlp.files.tables import LineFormat, ToLine
from rejectnlp.files.targets import check_target, explained, pack
from rejectnlp.files.writing import choose_format, finished, make_format
from rejectnlp.settings import SETTINGS

GO_ON = "Go on with the same command and --resume."


class LongWriter:
    """Rows on their way into one file that an interrupted run can go on with.

    A context manager. After entering, `state` is what the caller last gave to
    `checkpoint` in the run that is gone on with, or empty; `is_written` says that run
    had written all rows, and only the final name was missing.

    Parameters
    ----------
    out
        Target, a file; never a device.
    format
        One of `FORMATS`; None follows the suffix.
    columns, numeric
        As for `open_writer`.
    aside, aside_columns
        A second table, CSV, for rows set aside; it is there only if there are any.
    begun
        What the run is begun with, by name. A run can be gone on with only if all is
        the same. None keeps no journal: nothing can be gone on with.
    resume
        Go on with an unfinished run, if there is one.
    force, inputs
        As for `open_writer`.
    """

    def __init__(
        self,
        out: Path,
        format: str | None,  # noqa: A002 (the option's name)
        *,
        columns: Sequence[str],
        aside: Path,
        aside_columns: Sequence[str],
        begun: Mapping[str, str] | None,
        resume: bool = False,
        force: bool = False,
        inputs: Sequence[Path] = (),
        numeric: Collection[str] = (),
    ) -> None:
        self._format_name, self._is_packed = choose_format(out, format)
        if self._format_name == "parquet":
            load_pyarrow(OutputError)
        self._target = Path(os.path.realpath(out))
        self._out, self._inputs, self._force = out, inputs, force
        self._columns, self._numeric = columns, numeric
        self._aside, self._aside_columns = aside, aside_columns
        self._begun, self._resume = begun, resume
        self._part = _beside(self._target, ".part")
        self._aside_part = _beside(aside, ".part")
        self._whole = _beside(self._target, ".whole")
        self._journal = _beside(self._target, ".journal")
        self.state: dict[str, Any] = {}
        self.is_written = False
        self.found = ""
        self._n_rows = 0
        self._aside_stream: BinaryIO | None = None
        self._good: dict[str, Any] | None = None

    @property
    def is_nested(self) -> bool:
        """Whether rows may hold lists and mappings."""
        return self._format_name == "jsonl"

    def __enter__(self) -> LongWriter:
        # A run that lacks only the final name may already have given it.
        may_be_there = self._force or (self._resume and self._journal.exists())
        check_target(self._out, may_be_there, self._inputs)
        with explained(self._target):
            self._open()
        self._began = self._saved = time.monotonic()
        return self

    def _open(self) -> None:
        with ExitStack() as stack:
            is_new = not self._part.exists()
            self._stream = stack.enter_context(open_locked(self._part))
            stack.callback(self._discard_if, is_new)
            journal = read_journal(self._journal) if self._resume else None
            if not (journal and journal["is_written"]):
                check_target(self._out, self._force, self._inputs)
                self._check_aside()
            size = os.fstat(self._stream.fileno()).st_size
            if journal is None:
                self._start_afresh(is_left=size > 0 or self._journal.exists())
            else:
                self._take_up(journal, size)
            stack.pop_all()

    def _check_aside(self) -> None:
        if self._aside.exists() and not self._force:
            remedy = "Use --force to overwrite it, or another --out."
            problem = "exists already, from an earlier run"
            raise OutputError(problem, place=str(self._aside), remedy=remedy)

    def _discard_if(self, is_new: bool) -> None:
        self._stream.close()
        if is_new:
            self._part.unlink(missing_ok=True)

    def _start_afresh(self, *, is_left: bool) -> None:
        if is_left and not self._resume:
            self.found = "an unfinished run's part was removed; --resume would have gone on with it"
        elif self._resume:
            self.found = "there is no unfinished run to go on with; starting at the beginning"
        remove_journal(self._journal)
        self._aside_part.unlink(missing_ok=True)
        self._stream.truncate(0)
        self._format = self._make_part(is_new=True)

    def _take_up(self, journal: Mapping[str, Any], size: int) -> None:
        begun = journal["begun"]
        given = dict(self._begun or {})
        other = [key for key in {**begun, **given} if begun.get(key) != given.get(key)]
        if other:
            problem = f"the unfinished run was begun with another {', another '.join(other)}"
            raise OutputError(problem, remedy="Start again without --resume.")
        self.state = dict(journal["state"])
        self.is_written = journal["is_written"]
        n_bytes, n_aside = journal["bytes"], journal["aside_bytes"]
        is_named = self.is_written and self._target.exists() and size == 0
        if size < n_bytes and not is_named:
            remedy = "Start again without --resume."
            raise OutputError("the part of its unfinished run is damaged", remedy=remedy)
        self._n_rows = journal["rows"]
        if not is_named:
            _cut(self._stream, n_bytes)
        if n_aside and (self._aside_part.exists() or not self.is_written):
            self._aside_stream = open_private(self._aside_part)
            _cut(self._aside_stream, n_aside)
            self._aside_format = self._make_aside(self._aside_stream, is_new=False)
        self._format = self._make_part(is_new=False)
        self._is_named = is_named
        self._good = dict(journal)

    def _make_part(self, *, is_new: bool) -> LineFormat:
        self._is_named = False
        if self._format_name == "jsonl":
            return LineFormat(self._stream, make_json_line)
        if self._format_name in ("parquet", "xlsx"):
            return LineFormat(self._stream, _make_spool_line)
        delimiter = "\t" if self._format_name == "tsv" else ","
        return DelimitedFormat(self._stream, self._columns, delimiter, has_header=not is_new)

    def _make_aside(self, stream: BinaryIO, *, is_new: bool) -> LineFormat:
        return DelimitedFormat(stream, self._aside_columns, ",", has_header=not is_new)

    @property
    def to_line(self) -> ToLine:
        """What makes the line of a row, for `write_lines`."""
        return self._format.to_line

    def write_lines(self, lines: bytes, n_rows: int) -> None:
        """Write rows that `to_line` made lines of."""
        with explained(self._target):
            self._n_rows += n_rows
            if self._format_name == "xlsx":
                refuse_overfull(self._n_rows)
            self._format.write_lines(lines)

    def write(self, row: Mapping[str, object]) -> None:
        """Write one row."""
        self.write_lines(self.to_line(row), 1)

    def set_aside(self, row: Mapping[str, object]) -> None:
        """Write one row into the second table."""
        with explained(self._aside):
            if self._aside_stream is None:
                self._aside_stream = open_private(self._aside_part)
                self._aside_stream.truncate()
                self._aside_format = self._make_aside(self._aside_stream, is_new=True)
            self._aside_format.write(row)

    def checkpoint(self, state: Mapping[str, Any]) -> None:
        """Say what was done for all rows written so far; now and then it is journalled."""
        aside = self._aside_stream
        self._good = {
            "begun": self._begun,
            "state": dict(state),
            "rows": self._n_rows,
            "bytes": self._stream.tell(),
            "aside_bytes": aside.tell() if aside else 0,
            "is_written": False,
        }
        if time.monotonic() - self._saved >= SETTINGS.journal_seconds:
            with explained(self._target):
                self._save()

    def _save(self, *, is_written: bool = False) -> None:
        if self._begun is None or self._good is None:
            return
        sync(self._stream)
        if self._aside_stream:
            sync(self._aside_stream)
        self._good["is_written"] = is_written
        write_journal(self._journal, self._good)
        self._saved = time.monotonic()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            try:
                with explained(self._target):
                    self._finish()
            except BaseException as late:
                self._stop(late)
                raise
        else:
            self._stop(error)

    def _finish(self) -> None:
        if not self.is_written:
            self._save(is_written=True)
            sync(self._stream)
        if self._aside_stream:
            sync(self._aside_stream)
            self._aside_stream.close()
            os.replace(self._aside_part, self._aside)
        elif self._force and not (self._good and self._good["aside_bytes"]):
            self._aside.unlink(missing_ok=True)  # Of an earlier run: it would belie this one.
        if self._is_named:
            self._part.unlink(missing_ok=True)
        elif self._is_packed or self._format_name in ("parquet", "xlsx"):
            self._convert()
            self._part.unlink()
        else:
            if os.name == "nt":
                self._stream.close()  # Windows renames no open file.
            os.replace(self._part, self._target)
        sync_folder(self._target.parent)
        remove_journal(self._journal)
        self._stream.close()

    def _convert(self) -> None:
        with open_private(self._whole) as out:
            out.truncate()
            self._stream.seek(0)
            if self._is_packed:
                with pack(out) as packed:
                    shutil.copyfileobj(self._stream, packed, 2**20)
            else:
                chosen = make_format(out, self._format_name, self._columns, self._numeric)
                with finished(chosen) as table:
                    for line in self._stream:
                        table.write(json.loads(line))
            sync(out)
        os.replace(self._whole, self._target)

    def _stop(self, error: BaseException) -> None:
        """Keep the part if it can be gone on with and is worth it, else remove all traces."""
        is_hopeless = isinstance(error, (DataError, UsageError)) or self._begun is None
        is_long = time.monotonic() - self._began >= SETTINGS.journal_seconds
        if is_long and not is_hopeless and not self.is_written:
            with suppress(OSError):
                self._save()
        for stream in (self._stream, self._aside_stream):
            with suppress(OSError):  # What a full disk did not take is written once more here.
                if stream:
                    stream.close()
        self._whole.unlink(missing_ok=True)
        if self._journal.exists() and not is_hopeless:
            if isinstance(error, RejectNLPError):
                error.remedy = f"{error.remedy} {GO_ON}".strip()
            else:
                error.add_note(GO_ON)
            return
        remove_journal(self._journal)
        self._part.unlink(missing_ok=True)
        self._aside_part.unlink(missing_ok=True)


def _make_spool_line(row: Mapping[str, object]) -> bytes:
    """Give a row as JSON with every digit, to be made into another format."""
    return json.dumps(row).encode() + b"\n"


def _beside(target: Path, suffix: str) -> Path:
    return target.with_name(f".{target.name}{suffix}")


def _cut(stream: BinaryIO, n_bytes: int) -> None:
    stream.truncate(n_bytes)
    stream.seek(n_bytes)
