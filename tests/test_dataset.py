from dataclasses import replace

import pytest

from rejectnlp.dataset import (
    Labelled,
    Span,
    check_rows,
    find_near_duplicates,
    read_rows,
    write_rows,
)
from rejectnlp.errors import DataError

ROW = Labelled(
    "a1",
    "They said I lacked a licence.",
    ("skills_gap",),
    evidence=(Span("skills_gap", 10, 28, "said"),),
    origin={"type": "page", "pointer": "https://example.org/1", "author": "author-1"},
    votes={"reader_1": ("skills_gap",)},
)


def test_rows_survive_the_trip_to_a_file(tmp_path):
    path = tmp_path / "rows.jsonl"
    write_rows([ROW], path)
    assert read_rows([path]) == [ROW]


def test_a_text_may_hold_other_line_ends_than_the_format(tmp_path):
    row = replace(ROW, text="a\u2028b\x85c\x1ed", evidence=())
    write_rows([row], tmp_path / "rows.jsonl")
    assert read_rows([tmp_path / "rows.jsonl"]) == [row]


def test_all_bad_lines_are_named_at_once(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id": 1}\n\n{"id": "a", "text": "b", "labels": ["unexplained"]}\n[]\n')
    with pytest.raises(DataError, match=r"2 unreadable lines") as error:
        read_rows([path])
    for number in ("line 1", "line 4"):
        assert number in str(error.value)


def test_a_good_row_has_no_problems():
    assert check_rows([ROW]) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"text": " "}, "the text is empty"),
        ({"labels": ("skill_gap",)}, "Did you mean 'skills_gap'"),
        ({"labels": ("skills_gap", "unexplained")}, "stands beside"),
        ({"kind": "story"}, "kind 'story' is none of"),
        ({"split": "hold"}, "split 'hold' is none of"),
        ({"evidence": (Span("skills_gap", 5, 999, "said"),)}, "outside the text"),
        ({"evidence": (Span("follow_up", 0, 4, "said"),)}, "not among the labels"),
        ({"evidence": (Span("skills_gap", 0, 4, "guessed"),)}, "ground 'guessed'"),
        ({"votes": {"reader_1": ("nope",)}}, "vote of reader_1"),
    ],
)
def test_each_fault_of_a_row_is_named(change, problem):
    assert any(problem in found for found in check_rows([replace(ROW, **change)]))


def test_a_cause_without_marked_words_is_a_problem():
    row = replace(ROW, labels=("skills_gap", "follow_up"))
    assert any("'follow_up' has no words marked" in p for p in check_rows([row]))


def test_an_id_that_stands_twice_is_a_problem():
    other = replace(ROW, text="Something else entirely was said to me.", evidence=())
    assert any("stands twice" in p for p in check_rows([ROW, other]))


def test_a_page_in_two_splits_is_a_problem():
    other = replace(
        ROW,
        id="a2",
        text="Nothing was said at all, ever.",
        evidence=(),
        labels=("unexplained",),
        split="test",
        origin={"type": "page", "pointer": "https://example.org/1#c2"},
    )
    assert any("pointer shared across splits" in p for p in check_rows([ROW, other]))


def test_an_author_in_two_splits_is_a_problem():
    other = replace(
        ROW,
        id="a2",
        text="Nothing was said.",
        evidence=(),
        labels=("unexplained",),
        split="test",
        origin={**ROW.origin, "pointer": "https://example.org/2"},
    )
    assert any("author shared across splits" in p for p in check_rows([ROW, other]))


def test_near_duplicates_are_found_in_spite_of_case_and_stops():
    a = replace(ROW, id="a", text="We liked you a lot but the other one had more years in.")
    b = replace(ROW, id="b", text="we liked you a lot, but the other one had more months in")
    c = replace(ROW, id="c", text="The lift was broken and nobody told me which floor it was.")
    assert [(x.id, y.id) for x, y, _ in find_near_duplicates([a, b, c])] == [("a", "b")]


def test_authored_sentences_may_be_alike_where_their_labels_differ():
    def sentence(own_id, text, label):
        return Labelled(
            own_id, text, (label,), kind="sentence", origin={"type": "authored", "pointer": own_id}
        )

    a = sentence("a", "They said that I had no experience of forklifts at all.", "skills_gap")
    b = sentence("b", "They never said that I had no experience of forklifts.", "unexplained")
    alike = replace(b, labels=("skills_gap",))
    assert not any("near-duplicates" in problem for problem in check_rows([a, b]))
    assert any("near-duplicates" in problem for problem in check_rows([a, alike]))
    assert any(
        "near-duplicates" in problem for problem in check_rows([a, replace(b, kind="account")])
    )


def test_what_is_done_to_a_rows_values_does_not_change_the_row(rows):
    span = rows[0].evidence[0]
    values = rows[0].to_dict()
    values["evidence"][0]["start"] += 1
    values["labels"].clear()
    assert rows[0].evidence == (span,)
    assert values["evidence"][0]["start"] == span.start + 1
