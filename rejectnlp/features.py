"""Texts to TF-IDF: words and their characters, each block with a norm of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.validation import check_is_fitted

from rejectnlp.accounts import check_texts
from rejectnlp.normalisation import WORD_PATTERN, normalise
from rejectnlp.settings import SETTINGS


class TextFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """TF-IDF of word n-grams beside TF-IDF of character n-grams within words.

    Term frequencies are sublinear and each block is scaled towards length 1, so that
    neither the words nor their many characters drown the other. Scaling is damped: a text
    of five words is not made as long as one of a hundred, for it says less.

    Parameters
    ----------
    word_ngrams, char_ngrams
        Shortest and longest n-gram of each block.
    min_words, min_chars
        In how many texts a word n-gram, a character n-gram must stand to be kept.
        At 2 or more no phrase of a single story can end up in a model file.
    damping
        What is added to a text's squared length before it is scaled, in median squared
        lengths of the texts learned from; 0 scales every text to length 1.
    sparse_output
        False gives full arrays, as `set_output(transform="pandas")` asks for.

    Attributes
    ----------
    dampings_ : tuple of float
        What is added to the squared lengths, words then characters.

    References
    ----------
    Singhal, Buckley & Mitra, Pivoted document length normalization (SIGIR 1996).
    Manning, Raghavan & Schuetze, Introduction to Information Retrieval (2008), ch. 6.

    Examples
    --------
    >>> features = TextFeatures(min_words=1, min_chars=1).fit(["no offer", "no answer"])
    >>> features.transform(["no offer"]).shape[0]
    1
    """

    def __init__(
        self,
        word_ngrams: tuple[int, int] = SETTINGS.word_ngrams,
        char_ngrams: tuple[int, int] = SETTINGS.char_ngrams,
        min_words: int = SETTINGS.min_words,
        min_chars: int = SETTINGS.min_chars,
        damping: float = SETTINGS.damping,
        sparse_output: bool = True,
    ) -> None:
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.min_words = min_words
        self.min_chars = min_chars
        self.damping = damping
        self.sparse_output = sparse_output

    def fit(self, X: Iterable[str], y: Any = None) -> Self:
        """Learn the vocabularies and how rare their n-grams are."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Iterable[str], y: Any = None) -> sparse.csr_matrix:
        """Learn the vocabularies and give the matrix of the same texts."""
        texts = [normalise(text) for text in check_texts(X)]
        common: dict[str, Any] = {
            "lowercase": False,
            "sublinear_tf": True,
            "norm": None,
            "dtype": np.float64,
        }
        self.words_ = TfidfVectorizer(
            token_pattern=WORD_PATTERN,
            ngram_range=self.word_ngrams,
            min_df=self.min_words,
            **common,
        )
        self.chars_ = TfidfVectorizer(
            analyzer="char_wb",
            ngram_range=self.char_ngrams,
            min_df=self.min_chars,
            **common,
        )
        blocks = [vectoriser.fit_transform(texts) for vectoriser in self._vectorisers()]
        words, chars = (float(np.median(_squared_lengths(block))) for block in blocks)
        self.dampings_ = (self.damping * words, self.damping * chars)
        return self._join(blocks)

    def transform(self, X: Iterable[str]) -> sparse.csr_matrix:
        """Give one row a text, one column an n-gram; words first, then characters."""
        check_is_fitted(self)
        texts = [normalise(text) for text in check_texts(X)]
        if not texts:
            nothing = sparse.csr_matrix((0, len(self.get_feature_names_out())))
            return nothing if self.sparse_output else nothing.toarray()
        return self._join([v.transform(texts) for v in self._vectorisers()])

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> NDArray[Any]:
        """Name the columns: `word:offer`, `char:offe`."""
        check_is_fitted(self)
        words = [f"word:{name}" for name in self.words_.get_feature_names_out()]
        chars = [f"char:{name}" for name in self.chars_.get_feature_names_out()]
        return np.asarray(words + chars, dtype=object)

    def _join(self, blocks: Sequence[sparse.csr_matrix]) -> sparse.csr_matrix:
        scaled = []
        for block, damping in zip(blocks, self.dampings_, strict=True):
            length = np.sqrt(_squared_lengths(block) + damping)
            length[length == 0] = 1.0
            scaled.append(sparse.diags(1.0 / length) @ block)
        joined = sparse.hstack(scaled, format="csr")
        return joined if self.sparse_output else joined.toarray()

    def _vectorisers(self) -> tuple[TfidfVectorizer, TfidfVectorizer]:
        return self.words_, self.chars_


def _squared_lengths(block: sparse.csr_matrix) -> NDArray[np.float64]:
    return np.asarray(block.multiply(block).sum(axis=1)).ravel()
