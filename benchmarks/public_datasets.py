"""How strong `rejectnlp train` is on other people's labels, all settings as they come.

    python benchmarks/public_datasets.py FOLDER [--only NAME]

FOLDER holds the sets as their makers give them: `banking77/train.csv`, `test.csv`;
`goemotions/train.tsv`, `dev.tsv`, `test.tsv`, `labels.txt`; `safenet/SAFENET_*.csv`. None of
them is part of this project. Beside ours stand scikit-learn's TF-IDF and logistic regression
with their defaults, on the same parts, and figures that others published.

References
----------
Casanueva et al., Efficient intent detection with dual sentence encoders (2020): Banking77.
Demszky et al., GoEmotions (ACL 2020). SAFENET: National Interagency Fire Center.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.multiclass import OneVsRestClassifier

from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.dataset import Labelled
from rejectnlp.scorer import Tagger
from rejectnlp.scores import macro_f1, micro_f1
from rejectnlp.training import train

Marks = NDArray[np.int8]
Example = tuple[str, tuple[str, ...]]
PUBLISHED = {
    "banking77": "0.936 (USE+ConveRT, 2020)",
    "goemotions": "0.46 (BERT, 2020)",
    "safenet": "none known",
}


def read_banking77(folder: Path) -> Iterator[tuple[list[Example], list[Example]]]:
    yield tuple(  # type: ignore[misc]
        [(row["text"], (row["category"],)) for row in _rows(folder / name)]
        for name in ("train.csv", "test.csv")
    )


def read_goemotions(folder: Path) -> Iterator[tuple[list[Example], list[Example]]]:
    names = (folder / "labels.txt").read_text().split()

    def read(name: str) -> list[Example]:
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        cells = [line.split("\t") for line in lines if line]
        return [(c[0], tuple(names[int(i)] for i in c[1].split(","))) for c in cells]

    # What `train` needs no second set for, cut-offs included, the dev part teaches as well.
    yield read("train.tsv") + read("dev.tsv"), read("test.tsv")


def read_safenet(folder: Path) -> Iterator[tuple[list[Example], list[Example]]]:
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(folder.glob("SAFENET_*.csv")):
        for row in _rows(path):
            factors = row["Contributing Factors"] + ";" + row["Human Factors"]
            labels = tuple(dict.fromkeys(f.strip() for f in factors.split(";") if f.strip()))
            if len(row["Narrative"].split()) >= 20:
                found.setdefault(row["Narrative"], labels)
    examples = list(found.items())
    for seen, unseen in KFold(4, shuffle=True, random_state=0).split(examples):
        yield [examples[i] for i in seen], [examples[i] for i in unseen]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            yield {k.strip().strip('"'): v or "" for k, v in row.items() if k}


def mark(examples: Sequence[Example], ids: Sequence[str]) -> Marks:
    return np.array([[c in labels for c in ids] for _, labels in examples], dtype=np.int8)


def predict_ours(learn: list[Example], texts: list[str], book: Codebook) -> Marks:
    rows = [
        Labelled(f"row {i}", text, labels or (UNEXPLAINED,))
        for i, (text, labels) in enumerate(learn)
    ]
    named = Tagger(train(rows, book, report=lambda line: print("  ", line, flush=True)))
    return np.array(
        [[c in causes for c in book.ids] for causes in named.predict(texts)], dtype=np.int8
    )


def predict_stock(learn: list[Example], texts: list[str], book: Codebook) -> Marks:
    vectoriser = TfidfVectorizer()
    X, T = vectoriser.fit_transform([t for t, _ in learn]), vectoriser.transform(texts)
    Y = mark(learn, book.ids)
    if (Y.sum(axis=1) == 1).all():
        likeliest = LogisticRegression(max_iter=1000).fit(X, Y.argmax(axis=1)).predict(T)
        return np.eye(len(book.ids), dtype=np.int8)[likeliest]
    return np.asarray(
        OneVsRestClassifier(LogisticRegression(max_iter=1000)).fit(X, Y).predict(T), dtype=np.int8
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=list(PUBLISHED))
    options = parser.parse_args()
    lines = []
    for name in [options.only] if options.only else PUBLISHED:
        start = time.perf_counter()
        true, ours, stock = [], [], []
        for learn, test in globals()[f"read_{name}"](options.folder / name):
            book = Codebook.from_ids(sorted({label for _, labels in learn for label in labels}))
            texts = [text for text, _ in test]
            true.append(mark(test, book.ids))
            ours.append(predict_ours(learn, texts, book))
            stock.append(predict_stock(learn, texts, book))
        Y, named, rival = (np.concatenate(parts) for parts in (true, ours, stock))
        every = np.arange(Y.shape[1])
        is_accuracy = name == "banking77"
        figures = [
            float((m.argmax(axis=1) == Y.argmax(axis=1)).mean())
            if is_accuracy
            else macro_f1(Y, m, every)
            for m in (named, rival)
        ]
        lines.append(
            f"| {name} | {len(Y):,} | {Y.shape[1]} | {'accuracy' if is_accuracy else 'macro-F1'} "
            f"| {figures[0]:.3f} | {micro_f1(Y, named):.3f} | {figures[1]:.3f} "
            f"| {PUBLISHED[name]} | {time.perf_counter() - start:.0f} s |"
        )
        print(lines[-1], flush=True)
    print("\n| set | scored | labels | figure | rejectnlp | micro-F1 | stock | published | took |")
    print("| --- | ---: | ---: | --- | ---: | ---: | ---: | --- | ---: |")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
