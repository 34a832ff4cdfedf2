"""The compiled scorer: `kernel.c`, built at installation where there is a compiler.

It is a plain C library, called through ctypes, so that one file serves every version of
Python and the interpreter lock is free while it works. Where it is missing, the scorer
gives the same numbers in plain Python and NumPy.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rejectnlp.accounts import ABBREVIATIONS, COMMON_WORDS, SHARE_OF_COMMON_WORDS
from rejectnlp.normalisation import APOSTROPHES
from rejectnlp.scoring.batch import Batch
from rejectnlp.settings import SETTINGS
from rejectnlp.storage import Model

NOTES = ("", "empty", "too_short", "not_english")
_SPACE, _WORD, _DECIMAL, _ALPHA, _QUOTE, _HARD = 1, 2, 4, 8, 16, 32
# European scripts, punctuation and symbols; presentation forms; emoji. Texts with any
# other character are scored in Python, and so are the two letters whose lower case
# is longer, or depends on what stands beside them.
_RANGES = ((0x0, 0x3000), (0xFE00, 0x200), (0x1F000, 0xB00))
_MOST_GRAMS = 8_000_000  # n-grams remembered, 4 bytes each
_MOST_TOKENS = 400_000  # about 200 bytes each, their sums included


class _Sizes(ctypes.Structure):
    _fields_ = (
        ("damping", ctypes.c_double * 2),
        *((name, ctypes.c_int64) for name in ("n_words", "n_chars", "n_abbreviations", "n_common")),
        ("seed", ctypes.c_uint64),
        ("share_known", ctypes.c_double),
        *(
            (name, ctypes.c_int32)
            for name in (
                "n_outputs longest_sentence fewest_words fewest_known_words "
                "shortest_chars longest_chars n_ranges"
            ).split()
        ),
    )


def library_path() -> Path:
    """Say where the compiled kernel is looked for; `REJECTNLP_KERNEL` names another file."""
    given = os.environ.get("REJECTNLP_KERNEL")
    return Path(given) if given else Path(__file__).with_name("_kernel.so")


@cache
def load_library() -> ctypes.CDLL | None:
    """Open the compiled kernel; None where there is none, or `REJECTNLP_PLAIN` is set."""
    path = library_path()
    if os.environ.get("REJECTNLP_PLAIN") or sys.byteorder != "little" or not path.is_file():
        return None
    try:
        library = ctypes.CDLL(str(path))
        pointers = {
            "rn_make_model": 14,
            "rn_make_session": 1,
            "rn_spans": 1,
            "rn_parts": 1,
        }
        for name, n in pointers.items():
            function = getattr(library, name)
            function.restype = ctypes.c_void_p
            function.argtypes = [ctypes.c_void_p] * n
        library.rn_n_remembered.argtypes = [ctypes.c_void_p]
        library.rn_n_remembered.restype = ctypes.c_int64
        library.rn_make_session.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
        library.rn_score.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_int64] + [ctypes.c_void_p] * 5
        library.rn_score.restype = ctypes.c_int32
        for name in ("rn_free_model", "rn_free_session"):
            getattr(library, name).argtypes = [ctypes.c_void_p]
            getattr(library, name).restype = None
    except (OSError, AttributeError):  # Built for another machine, or by another release.
        return None
    return library


def fits(model: Model) -> bool:
    """Say whether the kernel knows the n-grams of this model: words alone and in pairs."""
    return model.word_ngrams[1] <= 2


class Kernel:
    """Scores batches of texts by a model, compiled.

    May be used from several threads at once: each call takes a session, a memory of the
    tokens seen, out of a pool.
    """

    def __init__(self, model: Model, library: ctypes.CDLL) -> None:
        self._library = library
        self._n_outputs = len(model.codebook.causes) + 1
        lower, flags, ranges = _characters()
        words, word_ends = _join(model.words)
        chars, char_ends = _join(model.chars)
        abbreviations, common = sorted(ABBREVIATIONS), sorted(COMMON_WORDS)
        listed, list_ends = _join([*abbreviations, *common])
        sizes = _Sizes(
            damping=(ctypes.c_double * 2)(*model.dampings),
            n_words=len(model.words),
            n_chars=len(model.chars),
            n_abbreviations=len(abbreviations),
            n_common=len(common),
            seed=secrets.randbits(64),  # Nobody can prepare words that all collide.
            share_known=SHARE_OF_COMMON_WORDS,
            n_outputs=self._n_outputs,
            longest_sentence=SETTINGS.longest_sentence,
            fewest_words=SETTINGS.fewest_words,
            fewest_known_words=SETTINGS.fewest_words_for_language,
            shortest_chars=model.char_ngrams[0],
            longest_chars=model.char_ngrams[1],
            n_ranges=len(_RANGES),
        )
        arrays = (
            np.ascontiguousarray(model.intercepts, dtype=np.float64),
            np.ascontiguousarray(model.idf, dtype=np.float64),
            np.ascontiguousarray(model.weights, dtype=np.float32),
            words,
            word_ends,
            chars,
            char_ends,
            listed,
            list_ends,
            *ranges,
            lower,
            flags,
        )
        self._model = library.rn_make_model(
            ctypes.byref(sizes), *(_address(array) for array in arrays)
        )
        if not self._model:
            raise MemoryError
        self._idle: list[int] = []
        self._sessions: list[int] = []

    def score(self, texts: Sequence[str]) -> tuple[Batch, NDArray[np.bool_]]:
        """Score texts; says which were left out for characters that the kernel does not know."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        ends = np.cumsum(list(map(len, encoded)), dtype=np.int64)
        data = b"".join(encoded)
        n, k = len(texts), self._n_outputs
        whole, best = np.zeros((n, k)), np.zeros((n, k - 1))
        first = np.zeros(n + 1, dtype=np.int64)
        notes, hard = np.zeros(n, dtype=np.uint8), np.zeros(n, dtype=np.uint8)
        with self._session() as session:
            outputs = [_address(array) for array in (whole, best, first, notes, hard)]
            if self._library.rn_score(session, data, _address(ends), n, *outputs):
                raise MemoryError
            n_sentences = int(first[-1])
            spans = _copy(self._library.rn_spans(session), np.int32, (n_sentences, 2))
            parts = _copy(self._library.rn_parts(session), np.float64, (n_sentences, k))
        named = list(map(NOTES.__getitem__, notes.tolist()))
        return Batch(whole, best, named, first, spans, parts), hard.astype(bool)

    @contextmanager
    def _session(self) -> Iterator[int]:
        try:
            session = self._idle.pop()
        except IndexError:
            session = self._library.rn_make_session(self._model, _MOST_TOKENS, _MOST_GRAMS)
            if not session:
                raise MemoryError from None
            self._sessions.append(session)
        try:
            yield session
        finally:
            self._idle.append(session)

    def __del__(self) -> None:
        for session in getattr(self, "_sessions", ()):
            self._library.rn_free_session(session)
        if getattr(self, "_model", None):
            self._library.rn_free_model(self._model)


def _address(array: NDArray[Any]) -> int:
    return array.ctypes.data


def _copy(address: int | None, dtype: Any, shape: tuple[int, int]) -> NDArray[Any]:
    if not address or not shape[0]:
        return np.zeros(shape, dtype=dtype)
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(ctypes.string_at(address, size), dtype=dtype).reshape(shape)


def _join(strings: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Give strings that hold no line break as bytes one after another, and where each ends."""
    data = np.frombuffer("\n".join([*strings, ""]).encode(), dtype=np.uint8)
    breaks = np.flatnonzero(data == ord("\n"))
    return data[data != ord("\n")], breaks - np.arange(len(breaks))


@cache
def _characters() -> tuple[NDArray[Any], NDArray[Any], tuple[NDArray[Any], NDArray[Any]]]:
    """Ask Python what each covered character is, so that both agree on every one."""
    covered = [chr(cp) for start, size in _RANGES for cp in range(start, start + size)]
    lower = list(map(str.lower, covered))
    known = frozenset(covered)
    is_hard = np.array([low not in known for low in lower]) | (np.array(covered) == "Σ")
    flags = np.zeros(len(covered), dtype=np.uint8)
    for flag, test in (
        (_SPACE, str.isspace),
        (_WORD, str.isalnum),
        (_DECIMAL, str.isdecimal),
        (_ALPHA, str.isalpha),
        (_QUOTE, f"'{APOSTROPHES}".__contains__),
        (_WORD, "_".__contains__),
    ):
        flags[np.fromiter(map(test, covered), dtype=bool)] |= flag
    flags[is_hard] |= _HARD
    lower = [own if hard else low for own, low, hard in zip(covered, lower, is_hard, strict=True)]
    starts, sizes = (np.array(part, dtype=np.uint32) for part in zip(*_RANGES, strict=True))
    return np.array(list(map(ord, lower)), dtype=np.uint32), flags, (starts, sizes)
