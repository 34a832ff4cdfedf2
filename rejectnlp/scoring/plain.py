"""Scoring in Python and NumPy alone: where no compiler was, and the kernel's second opinion."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from rejectnlp.accounts import COMMON_WORDS, Sentence, find_words, note_words, split_sentences
from rejectnlp.normalisation import WORD_PATTERN, normalise
from rejectnlp.scoring.batch import Batch, Floats
from rejectnlp.storage import Model

_WORD = re.compile(WORD_PATTERN)
_MOST_REMEMBERED = 200_000  # tokens; bounds the memory at about 200 MB on endless input
Ints = NDArray[np.int64]
Array = TypeVar("Array", Ints, Floats)


class Plain:
    """Scores batches of texts by a model.

    Whatever depends on a token alone, its words and its character n-grams, is looked up
    once and remembered; a batch is then a handful of operations on whole arrays.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._n_rows = len(model.words) + len(model.chars)
        self._char_rows = {g: row for row, g in enumerate(model.chars, len(model.words))}
        self._phrases = _Phrases(model.words, self._n_rows)
        # What an n-gram met once adds: its weights by IDF, and its squared length beside them.
        idf = np.asarray(model.idf)[:, None]
        self._rows = np.hstack([np.asarray(model.weights, dtype=np.float64) * idf, idf**2])
        self._brought: Floats
        self._n_brought: int
        self._forget()

    def score(self, texts: Sequence[str]) -> Batch:
        """Score texts and their sentences."""
        if len(self._tokens) > _MOST_REMEMBERED:
            self._forget()
        sentences = [split_sentences(text) or [Sentence(text, 0, len(text))] for text in texts]
        first = np.array([0, *accumulate(map(len, sentences))], dtype=np.int64)
        parts = [[self._find_tokens(s.text) for s in own] for own in sentences]
        wholes = [
            # The lower case of one letter hangs on what follows: there the whole is read anew.
            self._find_tokens(text) if "Σ" in text else list(chain.from_iterable(own))
            for text, own in zip(texts, parts, strict=True)
        ]
        scores, told = self._score_units([part for own in parts for part in own] + wholes)
        n_sentences = int(first[-1])
        spans = [(s.start, s.end) for own in sentences for s in own]
        return Batch(
            whole=scores[n_sentences:],
            best=np.maximum.reduceat(scores[:n_sentences, :-1], first[:-1], axis=0),
            notes=[note_words(n, n_known) for n, n_known in told[n_sentences:].tolist()],
            first=first,
            spans=np.array(spans, dtype=np.int32).reshape(-1, 2),
            parts=scores[:n_sentences],
        )

    def _score_units(self, units: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
        """Score token sequences, and count their words and the common ones among them.

        What tokens bring is added up, and what repeats is put right.
        """
        sizes = np.fromiter(map(len, units), dtype=np.int64, count=len(units))
        ends = np.concatenate([[0], np.cumsum(sizes)])
        tokens = np.fromiter(chain.from_iterable(units), dtype=np.int64, count=int(ends[-1]))
        runs = sparse.csr_matrix(
            (np.ones(len(tokens)), tokens, ends), shape=(len(units), len(self._tokens))
        )
        words, owner = self._word_ids.take(tokens)
        unit_of = np.repeat(np.arange(len(units)), sizes)
        counts = self._phrases.count(words, unit_of[owner], self._model.word_ngrams, len(units))
        for_words, for_chars = self._model.dampings
        scores = np.tile(np.asarray(self._model.intercepts), (len(units), 1))
        scores += self._scale(counts @ self._rows, counts, for_words)
        # Unsorted, every row's n-grams stand as its own text brings them: the same sums
        # for a text alone and in any batch.
        counts = runs @ self._char_ids.to_matrix(self._n_rows)
        brought = runs @ self._bring()
        scores += self._scale(brought[:, :-2], counts, for_chars)
        return scores, brought[:, -2:]

    def _scale(self, sums: Floats, counts: sparse.csr_matrix, damping: float) -> Floats:
        """Give a block's scores: sublinear TF-IDF, scaled towards length 1.

        In `sums` an n-gram met c times has counted c times, not 1 + log(c) times.
        """
        repeats = counts.data > 1
        before = np.concatenate([[0], np.cumsum(repeats)])
        ends, rows, c = before[counts.indptr], counts.indices[repeats], counts.data[repeats]
        tf = 1.0 + np.log(c)
        shape = (len(sums), self._n_rows)
        sums += sparse.csr_matrix((tf - c, rows, ends), shape=shape) @ self._rows
        # A squared length grows with the square of the weight.
        squares = (tf * tf - tf) * self._rows[rows, -1]
        unit = np.repeat(np.arange(len(sums)), np.diff(ends))
        lengths = np.sqrt(sums[:, -1] + np.bincount(unit, squares, minlength=len(sums)) + damping)
        lengths[lengths == 0] = 1.0
        return np.asarray(sums[:, :-1] / lengths[:, None])

    def _bring(self) -> Floats:
        """Give what each known token brings: the sum of its n-grams, each met once, and words."""
        done, n_tokens = self._n_brought, len(self._tokens)
        if done < n_tokens:
            self._brought = _enlarge(self._brought, n_tokens)
            new = self._brought[done:n_tokens]
            new[:, :-2] = self._char_ids.to_matrix(self._n_rows, done) @ self._rows
            new[:, -2:] = self._told[done:]
            self._n_brought = n_tokens
        return np.asarray(self._brought[:n_tokens])

    def _find_tokens(self, text: str) -> list[int]:
        tokens = normalise(text).split()
        numbers = list(map(self._tokens.get, tokens))
        if None in numbers:
            return [
                self._learn(token) if n is None else n
                for token, n in zip(tokens, numbers, strict=True)
            ]
        return numbers  # type: ignore[return-value]

    def _learn(self, token: str) -> int:
        if token in self._tokens:  # Met a moment ago, in the same text.
            return self._tokens[token]
        number = self._tokens[token] = len(self._tokens)
        ids = (self._char_rows.get(g) for g in _char_ngrams(token, self._model.char_ngrams))
        self._char_ids.append([i for i in ids if i is not None])
        self._word_ids.append([self._phrases.number(word) for word in _WORD.findall(token)])
        words = find_words(token)
        self._told.append((len(words), sum(map(COMMON_WORDS.__contains__, words))))
        return number

    def _forget(self) -> None:
        self._tokens: dict[str, int] = {}
        self._char_ids, self._word_ids = _Lists(), _Lists()
        self._told: list[tuple[int, int]] = []
        self._brought = np.zeros((1024, self._rows.shape[1] + 2))
        self._n_brought = 0


class _Lists:
    """Lists of numbers of different lengths, one after another in one growing array."""

    def __init__(self) -> None:
        self._values = np.zeros(1024, dtype=np.int64)
        self._ends = np.zeros(1024, dtype=np.int64)
        self._n = 0

    def append(self, values: Sequence[int]) -> None:
        start = int(self._ends[self._n])
        end = start + len(values)
        self._n += 1
        self._values = _enlarge(self._values, end)
        self._ends = _enlarge(self._ends, self._n + 1)
        self._values[start:end] = values
        self._ends[self._n] = end

    def to_matrix(self, width: int, begin: int = 0) -> sparse.csr_matrix:
        """Give the lists, from one on, as the rows of a matrix that counts their numbers."""
        ends = self._ends[begin : self._n + 1]
        values = self._values[ends[0] : ends[-1]]
        return sparse.csr_matrix(
            (np.ones(len(values)), values, ends - ends[0]), shape=(self._n - begin, width)
        )

    def take(self, which: Ints) -> tuple[Ints, Ints]:
        """Give the numbers of some lists joined, and from which of `which` each one comes."""
        starts = self._ends[which]
        sizes = self._ends[which + 1] - starts
        owner = np.repeat(np.arange(len(which)), sizes)
        begin = np.cumsum(sizes) - sizes
        return self._values[np.arange(len(owner)) + (starts - begin)[owner]], owner


def _enlarge(array: Array, needed: int) -> Array:
    if needed <= len(array):
        return array
    shape = (max(needed, 2 * len(array)), *array.shape[1:])
    larger = np.zeros(shape, dtype=array.dtype)
    larger[: len(array)] = array
    return larger


class _Phrases:
    """The vocabulary of words as a tree: a phrase's number, and a word, lead to a longer one."""

    def __init__(self, phrases: Sequence[str], n_rows: int) -> None:
        self._n_rows = n_rows
        self._numbers: dict[str, int] = {}
        nodes: dict[tuple[int, int], int] = {}
        rows: dict[int, int] = {}
        for row, phrase in enumerate(phrases):
            node = 0
            for word in phrase.split(" "):
                step = (node, self._numbers.setdefault(word, len(self._numbers) + 1))
                node = nodes.setdefault(step, len(nodes) + 1)
            rows[node] = row
        self._width = len(self._numbers) + 1
        keys = np.array([node * self._width + word for node, word in nodes], dtype=np.int64)
        order = np.argsort(keys)
        self._keys = np.append(keys[order], np.iinfo(np.int64).max)
        self._nodes = np.append(np.array(list(nodes.values()), dtype=np.int64)[order], -1)
        n_roots = int(np.searchsorted(self._keys, self._width))
        self._roots = np.full(self._width, -1, dtype=np.int64)
        self._roots[self._keys[:n_roots]] = np.arange(n_roots)
        self._rows = np.full(len(nodes) + 1, -1, dtype=np.int64)
        self._rows[list(rows)] = list(rows.values())

    def number(self, word: str) -> int:
        """Give a word's number, 0 if no phrase has it."""
        return self._numbers.get(word, 0)

    def count(
        self, words: Ints, unit: Ints, sizes: tuple[int, int], n_units: int
    ) -> sparse.csr_matrix:
        """Count the known n-grams of words, none across two units; columns are their rows."""
        shortest, longest = sizes
        begin, node = np.arange(len(words)), np.zeros(len(words), dtype=np.int64)
        columns, rows = [], []
        for n in range(longest):
            inside = begin + n < len(words)
            begin, node = begin[inside], node[inside]
            inside = unit[begin] == unit[begin + n]
            begin, node = begin[inside], node[inside]
            begin, node = self._step(begin, node, words[begin + n])
            column = self._rows[node]
            if n + 1 >= shortest:
                columns.append(column[column >= 0])
                rows.append(unit[begin[column >= 0]])
        column, row = np.concatenate(columns), np.concatenate(rows)
        return sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(n_units, self._n_rows))

    def _step(self, begin: Ints, node: Ints, word: Ints) -> tuple[Ints, Ints]:
        """Go on from nodes by a word each; those that lead nowhere are left out."""
        key = node * self._width + word
        if not node.any():  # The first words: their keys are a table's places.
            at = self._roots[key]
            known = at >= 0
        else:
            at = np.searchsorted(self._keys, key)
            known = self._keys[at] == key
        return begin[known], self._nodes[at[known]]


def _char_ngrams(token: str, lengths: tuple[int, int]) -> Iterator[str]:
    """Give the n-grams of a padded token as scikit-learn's `char_wb` does."""
    padded = f" {token} "
    for n in range(lengths[0], lengths[1] + 1):
        if n >= len(padded):
            # A token shorter than the n-gram counts once, by itself, and no longer ones.
            yield padded
            return
        for i in range(len(padded) - n + 1):
            yield padded[i : i + n]
