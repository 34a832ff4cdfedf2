"""What fuzzing found once: every input that broke something stays answered or refused."""

import random
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
FOUND = sorted((TOP / "tests" / "found").iterdir())
sys.path.insert(0, str(TOP / "fuzz"))

from seeds import seeds_of  # noqa: E402
from targets import TARGETS  # noqa: E402


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_was_found_once_breaks_nothing_again(path):
    TARGETS[path.name.rpartition("-")[0]](path.read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_seeds_and_some_hundred_changes_of_them_break_nothing(target):
    """The short form of `make hard`, without coverage to lead the way."""
    draw = random.Random(target)
    for seed in seeds_of(target):
        TARGETS[target](seed)
        for _ in range(8):
            TARGETS[target](changed(seed, draw))


def changed(seed, draw):
    data = bytearray(seed)
    for _ in range(draw.randrange(1, 4)):
        at = draw.randrange(1, max(2, len(data)))
        piece = draw.choice([b"", b"\0", b"\xff\xff", b'"', b"9" * 400, b"[" * 3_000, b"\n"])
        data[at : at + draw.choice([0, 1, 2, len(data)])] = piece or draw.randbytes(2)
    return bytes(data)


def test_a_target_notices_a_bug(monkeypatch, tmp_path):
    import targets

    def broken(path):
        raise KeyError

    monkeypatch.setattr(targets, "open_table", broken)
    with pytest.raises(KeyError):
        TARGETS["tables"](b"\0id,text\n")
