import pytest

from rejectnlp.agreement import krippendorff_alpha
from rejectnlp.dataset import Labelled, Span
from rejectnlp.description import describe_rows


def make(name, first, second, split="train"):
    return Labelled(
        name,
        f"He yawned in case number {name}.",
        first,
        split=split,
        evidence=tuple(Span(c, 0, 9, "shown") for c in first if c != "unexplained"),
        origin={"type": "page", "pointer": f"https://example.org/{name}", "venue": "forum"},
        votes={"reader_1": first, "reader_2": second},
    )


COLD, NONE = ("cold_interviewer",), ("unexplained",)


def test_alpha_is_one_in_agreement_and_below_in_chance():
    assert krippendorff_alpha([[COLD, COLD], [NONE, NONE]]) == 1.0
    # By hand: two of four differ; observed 0.5, expected 2*4*4/(8*7), so alpha = 0.125.
    mixed = [[COLD, COLD], [COLD, NONE], [NONE, COLD], [NONE, NONE]]
    assert krippendorff_alpha(mixed) == pytest.approx(0.125)


def test_the_description_counts_what_is_there():
    rows = [make("a", COLD, COLD), make("b", COLD, NONE, "test"), make("c", NONE, NONE)]
    text = describe_rows(rows)
    assert "| account | 3 | 2 | 0 | 1 |" in text
    assert "| cold_interviewer | 2 | 1 | 0 | 1 | 0 | 0 | 2 | 0 |" in text
    assert "3 accounts; the same set of causes in 66.7%" in text
    assert "| cold_interviewer | 1 | 1 | 0 | 0.667 |" in text
    assert "3 accounts from 3 pages" in text


def test_readings_of_sentences_are_counted_where_they_differ():
    def sentence(name, reader, label):
        votes = {"writer": COLD, "reader_1": reader}
        return Labelled(name, f"Sentence {name}.", label, kind="sentence", votes=votes)

    rows = [sentence("a", COLD, COLD), sentence("b", NONE, NONE), sentence("c", NONE, COLD)]
    text = describe_rows(rows)
    assert "3 of 3 sentences have a second reading" in text
    assert "differed from the writer's label in 2, and 1 have another label now: b." in text


def test_a_rereading_is_held_against_what_the_first_readers_came_to():
    votes = {"reader_1": COLD, "reader_2": NONE, "reader_3": COLD, "rereader_1": NONE}
    row = Labelled("a", "He yawned at me.", NONE, votes=votes)
    text = describe_rows([row])
    assert "a new reader of the rewritten text: 1 accounts; the same set of causes in 0.0%" in text


def test_a_description_of_sentences_alone_needs_no_accounts():
    rows = [Labelled("s", "She was late.", COLD, kind="sentence", origin={"type": "authored"})]
    text = describe_rows(rows)
    assert "| sentence | 1 |" in text
    assert "Agreement" not in text
