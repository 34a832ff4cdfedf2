"""What the commands cost: from the shell, over files of growing size, and to train.

    python benchmarks/commands.py [--rows 1000 10000 100000] [--train] [--plot FILE]

Every figure is of a fresh process: wall time, and the most memory it and its workers held.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import joblib
from speed import rebuild_estimator

from rejectnlp.labels import default_data, read_labelled
from rejectnlp.scorer import load

RUN = [sys.executable, "-c", "from rejectnlp.cli import main; main()"]
STOCK = "import joblib, sys; print(joblib.load(sys.argv[1]).predict_proba([sys.argv[2]]))"
# In a process of its own, which is small: a child counts as large as its parent was.
MEASURE = """
import json, os, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
if done.returncode:
    sys.exit(done.stderr.decode())
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([time.perf_counter() - start, used.ru_maxrss / 1024]))
"""
STORY = "They told me the job had gone to an internal candidate."


@dataclass(frozen=True)
class Cost:
    """Wall time in seconds, and peak memory in MB of the largest of its processes."""

    seconds: float
    memory: float


def measure(command: Sequence[str]) -> Cost:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], stdout=subprocess.PIPE, check=True
    )
    return Cost(*json.loads(done.stdout))


def median(command: Sequence[str], n_runs: int) -> float:
    return statistics.median(measure(command).seconds for _ in range(n_runs))


def time_starts(folder: Path, n_runs: int) -> None:
    pipeline = folder / "stock.joblib"
    joblib.dump(rebuild_estimator(load()), pipeline)
    print("| from the shell | s |\n| --- | ---: |")
    print(f"| Python alone | {median([sys.executable, '-c', 'pass'], n_runs):.2f} |")
    print(f"| `rejectnlp --help` | {median([*RUN, '--help'], n_runs):.2f} |")
    print(
        f"| `rejectnlp explain` of one account | {median([*RUN, 'explain', STORY], n_runs):.2f} |"
    )
    stock = [sys.executable, "-c", STOCK, str(pipeline), STORY]
    print(f"| joblib.load of the scikit-learn pipeline and predict | {median(stock, n_runs):.2f} |")


def time_files(folder: Path, sizes: Sequence[int], plot: Path | None) -> None:
    texts = [row.text for row in read_labelled(default_data())[0] if row.kind == "account"]
    tagger = load()
    tagger.predict_proba(texts)
    start = time.perf_counter()
    tagger.predict_proba(texts)
    own = (time.perf_counter() - start) / len(texts)
    print(f"\nThe scorer alone: {own * 1e6:.0f} µs an account.\n")
    print("| rows of a CSV | workers | s | µs a row | share of the scorer's rate | peak MB |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    path, out = folder / "accounts.csv", folder / "tagged.csv"
    drawn: dict[int, list[float]] = {1: [], 2: []}
    for size in sizes:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "story"])
            writer.writerows(enumerate(islice(cycle(texts), size)))
        for n_workers in drawn:
            command = [*RUN, "predict", str(path), "--out", str(out), "--force"]
            cost = measure([*command, "--workers", str(n_workers)])
            drawn[n_workers].append(cost.seconds / size * 1e6)
            each, share = cost.seconds / size * 1e6, own * size / cost.seconds
            print(
                f"| {size:,} | {n_workers} | {cost.seconds:.1f} | {each:.0f} | {share:.0%} | "
                f"{cost.memory:.0f} |",
                flush=True,
            )
    if plot:
        draw(sizes, drawn, plot)


def draw(sizes: Sequence[int], drawn: dict[int, list[float]], path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.5))
    for (n_workers, values), style in zip(drawn.items(), ("o-", "s--"), strict=True):
        axes.plot(sizes, values, style, label=f"{n_workers} worker{'s' * (n_workers > 1)}")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("rows of the file")
    axes.set_ylabel("µs a row, start included")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        time_starts(folder, options.runs)
        time_files(folder, options.rows, options.plot)
        if options.train:
            cost = measure([*RUN, "train", "--out", str(folder / "model")])
            print(f"\n`rejectnlp train`: {cost.seconds:.0f} s, {cost.memory:.0f} MB at most")


if __name__ == "__main__":
    main()
