"""Where bytes go: a file, whole or not at all; a device; or standard output."""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from rejectnlp.errors import OutputError


def check_target(out: Path, force: bool, inputs: Sequence[Path] = ()) -> Path:
    """Give the file that a path leads to, if it may be written."""
    target, place = Path(os.path.realpath(out)), str(out)
    if target.is_dir():
        raise OutputError("is a folder", place=place, remedy="Name a file in it.")
    if not target.parent.is_dir():
        raise OutputError("its folder does not exist", place=place, remedy="Make it first.")
    if is_device(target):
        return target
    if any(target.exists() and path.exists() and target.samefile(path) for path in inputs):
        raise OutputError("is read as input", place=place, remedy="Use another --out.")
    if target.exists() and not force:
        remedy = "Use --force to overwrite it, or another --out."
        raise OutputError("exists already", place=place, remedy=remedy)
    if not os.access(target.parent, os.W_OK | os.X_OK):
        remedy = "Use another --out."
        raise OutputError("its folder may not be written to", place=place, remedy=remedy)
    return target


def open_target(target: Path | None) -> AbstractContextManager[BinaryIO]:
    """Open what replaces the target when all went well; None is standard output."""
    if target is None:
        return _open_standard_output()
    return target.open("wb") if is_device(target) else _open_part(target)


@contextmanager
def _open_standard_output() -> Iterator[BinaryIO]:
    sys.stdout.flush()
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


@contextmanager
def _open_part(target: Path) -> Iterator[BinaryIO]:
    number, part = tempfile.mkstemp(".part", f".{target.name}.", target.parent)
    try:
        with os.fdopen(number, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, target)
    finally:
        Path(part).unlink(missing_ok=True)


def pack(stream: BinaryIO) -> BinaryIO:
    """Give a stream whose bytes arrive packed by gzip, the same bytes at any time of day."""
    return cast(BinaryIO, gzip.GzipFile("", "wb", 6, stream, mtime=0))


def is_device(target: Path) -> bool:
    """Say whether a path is something other than a file, such as `/dev/null`."""
    # Renaming a file over /dev/full would put a plain file in the device's place.
    return target.exists() and not target.is_file()


@contextmanager
def explained(target: Path | None) -> Iterator[None]:
    """Turn what the system says while writing into one message that names the target."""
    place = "standard output" if target is None else str(target)
    kept = "nothing was written under the final name" if target else "the output is not complete"
    try:
        yield
    except OutputError as error:
        error.place = error.place or place
        raise
    except BrokenPipeError:
        raise  # The reader of our pipe has seen enough: no fault of the output.
    except OSError as error:
        problem = f"could not be written ({error.strerror or type(error).__name__}); {kept}"
        raise OutputError(problem, place=place) from error
