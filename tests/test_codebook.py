import json

import pytest

from rejectnlp.codebook import Codebook, read_codebook
from rejectnlp.errors import DataError
from rejectnlp.settings import asset_path

LAW = (
    "skills_gap different_role pre_chosen_candidate comparative_fit unclear_requirements "
    "cold_interviewer interview_mistake poor_preparation undersold follow_up discrimination "
    "position_withdrawn terms_mismatch"
).split()


def test_causes_stand_in_the_order_of_the_law():
    book = read_codebook()
    assert list(book.ids) == LAW
    assert book.version == "1.1"
    assert book.core == tuple(LAW[:4])


def test_moves_are_the_laws():
    book = read_codebook()
    moves = {
        move: {c.id for c in book.causes if c.whose_move == move}
        for move in ("candidate", "employer", "both")
    }
    assert moves["candidate"] == {
        "skills_gap",
        "interview_mistake",
        "poor_preparation",
        "undersold",
        "follow_up",
    }
    assert moves["both"] == {"comparative_fit", "terms_mismatch"}
    assert sum(len(ids) for ids in moves.values()) == 13


def test_every_cause_says_what_to_do_next():
    book = read_codebook()
    for cause in (*book.causes, book.unexplained):
        assert 3 <= len(cause.next_steps) <= 6
        assert all(cause.keywords)
        assert cause.definition
        assert cause.counts


def test_the_discrimination_cause_is_a_report_never_a_finding():
    cause = read_codebook()["discrimination"]
    assert "the account reports" in cause.definition.lower()
    assert any("not a legal finding" in step for step in cause.next_steps)


def test_labels_are_checked():
    book = read_codebook()
    assert "Did you mean 'follow_up'?" in book.check(["followup"])
    assert "stands beside" in book.check(["unexplained", "follow_up"])
    assert "twice" in book.check(["follow_up", "follow_up"])
    assert "no label" in book.check([])
    assert book.check(["unexplained"]) == ""


def test_a_codebook_survives_the_trip_to_plain_values():
    book = read_codebook()
    assert Codebook.from_dict(json.loads(json.dumps(book.to_dict()))) == book


def test_what_is_no_codebook_is_refused():
    with pytest.raises(DataError, match="not a codebook"):
        Codebook.from_dict({"version": "1"})


def test_hard_cases_use_the_codebooks_causes():
    book = read_codebook()
    lines = asset_path("data", "hard_cases.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) >= 40
    for line in lines:
        assert book.check(json.loads(line)["labels"]) == ""
