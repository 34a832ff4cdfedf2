"""Where bytes come from: files, packed or not, and standard input; and what they are not."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import cast

from rejectnlp.errors import DataError, RejectNLPError, UsageError, suggest
from rejectnlp.files.values import printable

STDIN = Path("-")
HEAD = 65_536
"""Bytes on which format, encoding and delimiter are decided."""
AS_CSV = "Save it as CSV (UTF-8) or .xlsx."

_BINARIES = (
    (b"%PDF-", "a PDF", "Save its text."),
    (b"\x89PNG", "a PNG image", "Give its text."),
    (b"\xff\xd8\xff", "a JPEG image", "Give its text."),
    (b"PK\x03\x04", "a zip or an Excel workbook", "Rename a workbook to .xlsx, or unzip it."),
    (b"\xd0\xcf\x11\xe0", "an old Excel (.xls) or locked workbook", AS_CSV),
    (b"\x1f\x8b", "packed with gzip", "Let its name end in .csv.gz, or unpack it: gunzip."),
    (b"PAR1", "Parquet", "Rename it to .parquet."),
    (b"{\\rtf", "an RTF document", "Save it as plain text."),
)


def name_of(path: Path) -> str:
    """Name a source in messages."""
    return "standard input" if path == STDIN else printable(path.name)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the system says while reading into one message, and name the file in it."""
    name = name_of(path)
    try:
        yield
    except RejectNLPError as error:
        error.place = error.place or name
        raise
    except PermissionError as error:
        remedy = "Ask its owner, or change its permissions."
        raise DataError("may not be read by you", place=name, remedy=remedy) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        remedy = "Fetch or pack it again."
        raise DataError("is cut off, damaged or not gzip", place=name, remedy=remedy) from error
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or 'OSError'})", place=name) from error


def open_bytes(path: Path, stack: ExitStack) -> io.BufferedIOBase:
    """Open a file, unpacked if its name ends in `.gz`, or standard input for `-`."""
    if path == STDIN:
        return cast(io.BufferedIOBase, sys.stdin.buffer)
    if path.is_dir():
        raise DataError("is a folder, not a file", remedy="Name a file in it.")
    if not path.exists():
        raise UsageError("no such file", remedy=_suggest_neighbour(path))
    if path.suffix.lower() == ".gz":
        return stack.enter_context(gzip.open(path, "rb"))
    return stack.enter_context(path.open("rb"))


def n_bytes_read(stream: io.BufferedIOBase) -> int:
    """Say how many bytes of a file were read so far, packed ones where it is packed."""
    with suppress(OSError, ValueError):  # Pipes have no place, and closed files none either.
        return int(getattr(stream, "fileobj", stream).tell())
    return 0


def _suggest_neighbour(path: Path) -> str:
    try:
        return suggest(path.name, [entry.name for entry in path.parent.iterdir()]).strip()
    except OSError:
        return "Its folder cannot be read either."


def refuse_binary(head: bytes, encoding: str) -> None:
    """Refuse bytes that are no text in this encoding."""
    for magic, what, remedy in _BINARIES:
        if head.startswith(magic):
            raise DataError(f"seems to be {what}", remedy=remedy)
    n_controls = len(head) - len(head.translate(None, bytes(range(9)) + bytes(range(14, 32))))
    is_wide = encoding.startswith(("utf-16", "utf-32"))
    if n_controls > max(32, len(head) / 10) and not is_wide:
        remedy = "It is neither text nor a known format."
        raise DataError("seems to be binary data", remedy=remedy)
