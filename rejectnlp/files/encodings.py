"""Bytes become lines of text, whatever their encoding.

Bytes that are not UTF-8 pass through Python's surrogate escapes, then become what
Windows would show; the five that it leaves undefined become U+FFFD.
"""

from __future__ import annotations

import codecs
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from rejectnlp.errors import DataError
from rejectnlp.files.sources import HEAD, refuse_binary

LONGEST_LINE = 100_000_000
"""Characters of a line; memory has to end somewhere."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ESCAPED = re.compile("[\udc80-\udcff]")
_AS_WINDOWS = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(128, 256)}


def choose_encoding(head: bytes) -> str:
    """Decide by mark, then by the NULs of UTF-16, then by whether UTF-8 fits."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    half = len(head) // 2
    nuls = head[0::2].count(0), head[1::2].count(0)
    if half and max(nuls) > 0.3 * half and min(nuls) < 0.05 * half:
        return "utf-16-be" if nuls[0] > nuls[1] else "utf-16-le"
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(head)
    n_strange = len(_ESCAPED.findall(text))
    # A single stray byte does not make mojibake of a file that else is UTF-8.
    n_fitting = sum(not c.isascii() for c in text) - n_strange if n_strange else 0
    return "cp1252" if n_strange > n_fitting else "utf-8"


def say_encoding(encoding: str) -> list[str]:
    """Say which encoding was found, if it is not UTF-8."""
    if encoding.startswith("utf-8"):
        return []
    return [f"read as {'Windows-1252' if encoding == 'cp1252' else encoding[:6].upper()}"]


def decode(data: bytes) -> str:
    r"""Decode a whole text, whose line ends become "\n"; refuse what is none."""
    encoding = choose_encoding(data[:HEAD])
    refuse_binary(data[:HEAD], encoding)
    text = data.decode(encoding, _on_error(encoding)).translate(_AS_WINDOWS)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _on_error(encoding: str) -> str:
    return "surrogateescape" if encoding.startswith("utf-8") else "replace"


class Lines:
    """Lines with their ends and their numbers; some may be put back."""

    def __init__(self, head: bytes, stream: io.BufferedIOBase, encoding: str) -> None:
        buffered = io.BufferedReader(_Rewound(head, stream), HEAD)
        # newline="" keeps the line breaks inside quoted fields as they are.
        self._text = io.TextIOWrapper(buffered, encoding, _on_error(encoding), newline="")
        self._again: deque[str] = deque()
        self.number = 0
        self.n_repaired = 0

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *exception: object) -> None:
        self._text.close()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        return line

    def _read(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        if len(line) >= LONGEST_LINE:
            problem = f"line {self.number + 1} has more than {LONGEST_LINE:,} characters"
            raise DataError(problem, remedy="Split it, or unpack the file.")
        if not line.isascii() and _ESCAPED.search(line):
            self.n_repaired += 1
            return line.translate(_AS_WINDOWS)
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        """Take lines back, to be given once more."""
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)


class _Rewound(io.RawIOBase):
    """A stream whose head, already taken, comes first again; standard input cannot seek."""

    def __init__(self, head: bytes, stream: io.BufferedIOBase) -> None:
        self._head = head
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._head[: len(buffer)] or self._stream.read1(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(chunk)] = chunk
        return len(chunk)
