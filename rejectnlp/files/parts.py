"""The hidden part of an unfinished file: one run at a time has it, and a journal knows it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from rejectnlp.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows, where two runs into one output are not told apart.
    fcntl = None  # type: ignore[assignment]


def open_private(path: Path) -> BinaryIO:
    """Open a file to read and write, made if it is not there, for its owner alone."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "r+b")


def open_locked(path: Path) -> BinaryIO:
    """Open a part for this process alone; its lock ends with the process, however it ends.

    Raises
    ------
    OutputError
        If another run has it.
    """
    while True:
        stream = open_private(path)
        if fcntl is None:
            return stream
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            remedy = "Wait for it to end, or use another --out."
            raise OutputError("is being written by another run", remedy=remedy) from None
        except OSError:
            pass  # A file system without locks.
        # The run that had it may just have given it its final name: that file is not ours.
        if path.exists() and os.path.samestat(path.stat(), os.fstat(stream.fileno())):
            return stream
        stream.close()


def read_journal(path: Path) -> dict[str, Any] | None:
    """Read a journal; None if there is none.

    Raises
    ------
    OutputError
        If it is not a journal.
    """
    try:
        journal = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        journal = None
    if not isinstance(journal, dict) or "begun" not in journal:
        remedy = "Start again without --resume."
        raise OutputError("the journal of its unfinished run is damaged", remedy=remedy)
    return journal


def write_journal(path: Path, journal: Mapping[str, Any]) -> None:
    """Replace a journal: whatever happens, the old one or the new one stands there."""
    new = _next(path)
    with open_private(new) as stream:
        stream.truncate()
        stream.write(json.dumps(journal).encode())
        sync(stream)
    os.replace(new, path)
    sync_folder(path.parent)


def remove_journal(path: Path) -> None:
    """Remove a journal, and one that was not finished when its run was killed."""
    path.unlink(missing_ok=True)
    _next(path).unlink(missing_ok=True)


def _next(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def sync(stream: BinaryIO) -> None:
    """See to it that what was written survives a power cut."""
    stream.flush()
    os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """See to it that the names in a folder survive a power cut, where the system can."""
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
