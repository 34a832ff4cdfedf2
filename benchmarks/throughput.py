"""How fast the tagger is, as a ratio to scikit-learn's own pipeline with the same weights.

    python benchmarks/throughput.py [--model DIR] [--accounts N]

Both give the same probabilities (checked first). Runs are interleaved; medians are printed.
The peer is the fitted scikit-learn estimator, rebuilt from the model folder, so that both
sides score whole accounts and their sentences.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from rejectnlp.classifier import CauseClassifier
from rejectnlp.features import TextFeatures
from rejectnlp.normalisation import WORD_PATTERN
from rejectnlp.scorer import Tagger, load


def rebuild_estimator(tagger: Tagger) -> CauseClassifier:
    """Rebuild the scikit-learn estimator that a model folder was made from."""
    model = tagger.model
    features = TextFeatures(model.word_ngrams, model.char_ngrams)
    n_words = len(model.words)
    for name, vocabulary, idf, options in (
        ("words_", model.words, model.idf[:n_words], {"token_pattern": WORD_PATTERN}),
        ("chars_", model.chars, model.idf[n_words:], {"analyzer": "char_wb"}),
    ):
        vectoriser = TfidfVectorizer(
            vocabulary=vocabulary,
            ngram_range=model.word_ngrams if name == "words_" else model.char_ngrams,
            lowercase=False,
            sublinear_tf=True,
            norm=None,
            **options,
        )
        vectoriser.idf_ = np.asarray(idf)
        setattr(features, name, vectoriser)
    features.dampings_ = model.dampings
    estimator = CauseClassifier()
    estimator.features_ = features
    estimator.coef_ = np.asarray(model.weights, dtype=np.float64).T
    estimator.intercept_ = model.intercepts
    estimator.platt_ = model.platt
    estimator.cutoffs_ = model.cutoffs
    estimator.is_exclusive_ = model.is_exclusive
    estimator.classes_ = np.arange(len(tagger.causes))
    return estimator


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    data = Path(__file__).parent.parent / "data" / "accounts.jsonl"
    lines = data.read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines][: options.accounts]
    tagger = load(options.model)
    estimator = rebuild_estimator(tagger)
    difference = np.abs(tagger.predict_proba(texts) - estimator.predict_proba(texts)).max()
    print(f"{len(texts)} accounts, {np.mean([len(t.split()) for t in texts]):.0f} words on average")
    print(f"greatest difference of a probability: {difference:.1e}")
    seconds: dict[str, list[float]] = {"scikit-learn": [], "rejectnlp": []}
    for _ in range(options.runs):
        for name, predict in (
            ("scikit-learn", estimator.predict_proba),
            ("rejectnlp", Tagger(tagger.model).predict_proba),
        ):
            start = time.perf_counter()
            predict(texts)
            seconds[name].append(time.perf_counter() - start)
    stock = statistics.median(seconds["scikit-learn"])
    for name, runs in seconds.items():
        middle = statistics.median(runs)
        print(
            f"{name:14} {middle / len(texts) * 1e3:7.3f} ms an account "
            f"({min(runs) / len(texts) * 1e3:.3f} to {max(runs) / len(texts) * 1e3:.3f}), "
            f"{stock / middle:5.1f} x"
        )
    starts = []
    for _ in range(options.runs):
        start = time.perf_counter()
        command = "from rejectnlp.cli import main; main()"
        story = "They told me the job had gone to an internal candidate."
        subprocess.run(
            [sys.executable, "-c", command, "explain", story], check=True, capture_output=True
        )
        starts.append(time.perf_counter() - start)
    print(f"one explain from the shell: {statistics.median(starts):.2f} s")


if __name__ == "__main__":
    main()
