"""How fast texts are scored, beside named peers, all in one interleaved run.

    python benchmarks/speed.py [--model DIR] [--accounts N] [--runs N] [--plot FILE]

`rejectnlp` and `scikit-learn` score whole accounts and every sentence of them with the same
weights, and give the same probabilities (checked first). The other peers are other models,
learned from the same accounts with their defaults and word pairs; they score whole accounts
only. A peer that is not installed is left out; `make bench` installs them.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from rejectnlp.accounts import UNTOLD, note_text
from rejectnlp.classifier import CauseClassifier
from rejectnlp.features import TextFeatures
from rejectnlp.labels import default_data, read_labelled
from rejectnlp.normalisation import WORD_PATTERN
from rejectnlp.scorer import Tagger, load

Predict = Callable[[Sequence[str]], Any]


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


def plain_tagger(tagger: Tagger) -> Tagger:
    """Give a tagger that scores in Python and NumPy, as where no compiler is."""
    plain = Tagger(tagger.model)
    plain._scorer._kernel = None
    return plain


def train_fasttext(texts: Sequence[str], labels: Sequence[Sequence[str]]) -> Predict:
    import fasttext

    fasttext.FastText.eprint = lambda *args: None
    lines = [
        " ".join(f"__label__{label}" for label in own) + " " + " ".join(text.lower().split())
        for text, own in zip(texts, labels, strict=True)
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(lines))
        file.flush()
        model = fasttext.train_supervised(
            file.name, loss="ova", wordNgrams=2, minn=3, maxn=5, verbose=0, thread=2
        )
    # The wrapper's own `predict` does not know NumPy 2; this is what it calls.
    return lambda texts: [
        model.f.predict(" ".join(t.lower().split()) + "\n", -1, 0.0, "strict") for t in texts
    ]


def train_vowpal(texts: Sequence[str], labels: Sequence[Sequence[str]]) -> Predict:
    from vowpalwabbit import Workspace

    causes = sorted({label for own in labels for label in own})
    model = Workspace(f"--multilabel_oaa {len(causes)} --ngram 2 -b 20 --quiet")

    def line(text: str) -> str:
        return "| " + re.sub(r"[|:\s]+", " ", text.lower())

    for text, own in zip(texts, labels, strict=True):
        numbers = ",".join(str(causes.index(label)) for label in own)
        model.learn(f"{numbers} {line(text)}")
    return lambda texts: [model.predict(line(text)) for text in texts]


def train_spacy(texts: Sequence[str], labels: Sequence[Sequence[str]]) -> Predict:
    import spacy
    from spacy.training import Example

    causes = sorted({label for own in labels for label in own})
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe(
        "textcat_multilabel",
        config={
            "model": {
                "@architectures": "spacy.TextCatBOW.v3",
                "exclusive_classes": False,
                "ngram_size": 2,
                "no_output_layer": False,
            }
        },
    )
    for cause in causes:
        pipe.add_label(cause)
    examples = [
        Example.from_dict(nlp.make_doc(text), {"cats": {c: float(c in own) for c in causes}})
        for text, own in zip(texts, labels, strict=True)
    ]
    nlp.initialize(lambda: examples)
    nlp.update(examples)  # One pass: its speed is asked for, not its skill.
    return lambda texts: [doc.cats for doc in nlp.pipe(texts)]


def time_all(engines: dict[str, Predict], texts: Sequence[str], n_runs: int) -> dict[str, Any]:
    """Time every engine in turn, n times over: what slows one slows its neighbours."""
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(n_runs):
        for name, predict in engines.items():
            start = time.perf_counter()
            predict(texts)
            seconds[name].append(time.perf_counter() - start)
    return seconds


def draw(rates: dict[str, float], path: Path) -> None:
    import matplotlib.pyplot as plt

    names = sorted(rates, key=lambda name: rates[name])
    figure, axes = plt.subplots(figsize=(7, 0.5 * len(names) + 1))
    bars = axes.barh(names, [rates[name] for name in names], color="#33628f")
    axes.bar_label(bars, [f"{rates[name]:.1f} x" for name in names], padding=4)
    axes.set_xscale("log")
    axes.set_xlabel("accounts a second, scikit-learn's pipeline being 1 (logarithmic)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.15)
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    rows, _ = read_labelled(default_data())
    accounts = [row for row in rows if row.kind == "account"]
    known = [row for row in accounts if row.split == "train"]
    learn = [row.text for row in known], [row.labels for row in known]
    # Texts that are not read for causes, such as German ones, get 0 by rule.
    texts = [row.text for row in accounts if note_text(row.text) not in UNTOLD][: options.accounts]
    tagger = load(options.model)
    estimator = rebuild_estimator(tagger)
    engines: dict[str, Predict] = {"scikit-learn": estimator.predict_proba}
    if tagger.is_compiled:
        engines["rejectnlp, compiled"] = tagger.predict_proba
    engines["rejectnlp, plain Python"] = plain_tagger(tagger).predict_proba
    expected = estimator.predict_proba(texts)
    n_bytes = sum(len(text.encode()) for text in texts)
    print(
        f"{len(texts):,} accounts, {np.mean([len(t.split()) for t in texts]):.0f} words on average"
    )
    for name in list(engines)[1:]:
        difference = np.abs(engines[name](texts) - expected).max()
        print(f"{name}: greatest difference from scikit-learn's probabilities {difference:.0e}")
    for name, train in (
        ("fastText", train_fasttext),
        ("Vowpal Wabbit", train_vowpal),
        ("spaCy, bag of words", train_spacy),
    ):
        try:
            engines[name] = train(*learn)
        except ImportError:
            print(f"{name}: not installed")
    engines["one pass over the bytes"] = lambda texts: [sum(text.encode()) for text in texts]
    seconds = time_all(engines, texts, options.runs)
    stock = statistics.median(seconds["scikit-learn"])
    print()
    print("| engine | µs an account | (range) | MB/s | times scikit-learn |")
    print("| --- | ---: | ---: | ---: | ---: |")
    rates = {}
    for name, runs in seconds.items():
        middle, each = statistics.median(runs), 1e6 / len(texts)
        rates[name] = stock / middle
        print(
            f"| {name} | {middle * each:.0f} | {min(runs) * each:.0f} to {max(runs) * each:.0f} | "
            f"{n_bytes / middle / 1e6:.1f} | {rates[name]:.1f} |"
        )
    if options.plot:
        draw(rates, options.plot)


if __name__ == "__main__":
    main()
