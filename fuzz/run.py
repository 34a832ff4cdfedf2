"""Fuzz one target with atheris: `python fuzz/run.py TARGET [--runs N] [--seconds S]`.

Coverage leads the way: inputs that reach new lines of rejectnlp are kept and changed
further. It stops at the first crash, at an input that takes over two seconds, or when the
process holds more memory than `--megabytes`, and leaves that input in `fuzz/found/`.
"""

from __future__ import annotations

import argparse
import resource
import sys
from pathlib import Path

import atheris

HERE = Path(__file__).parent
HANG = 2  # seconds for one input

with atheris.instrument_imports(include=["rejectnlp"]):
    sys.path.insert(0, str(HERE))
    from seeds import seeds_of
    from targets import TARGETS


def main() -> None:
    """Fuzz until a bound is reached; exits with 77 after a crash, 70 after a hang."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=0, help="0 is no bound")
    parser.add_argument("--megabytes", type=int, default=1_500)
    parser.add_argument("--longest", type=int, default=4_096, help="bytes of an input")
    given = parser.parse_args()
    corpus = HERE / "corpus" / given.target
    corpus.mkdir(parents=True, exist_ok=True)
    (HERE / "found").mkdir(exist_ok=True)
    for n, seed in enumerate(seeds_of(given.target)):
        (corpus / f"seed-{n}").write_bytes(seed)
    TARGETS[given.target](b"")  # What the first call loads is no growth.
    # Beyond what is mapped already: a bomb ends in MemoryError, not in the machine's memory.
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = mapped + given.megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    options = [
        f"-runs={given.runs}",
        f"-max_total_time={given.seconds}",
        f"-timeout={HANG}",
        f"-rss_limit_mb={given.megabytes}",
        f"-max_len={given.longest}",
        f"-artifact_prefix={HERE / 'found'}/{given.target}-",
        "-print_final_stats=1",
        "-verbosity=0",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *options], TARGETS[given.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
