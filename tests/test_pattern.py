"""What several accounts have in common."""

from rejectnlp.codebook import UNEXPLAINED, read_codebook
from rejectnlp.evidence import Finding
from rejectnlp.pattern import find_pattern
from rejectnlp.questions import QUESTIONS

BOOK = read_codebook()


def finding(*causes):
    return Finding("", "", causes, dict.fromkeys(BOOK.ids, 0.6), (), ())


def test_causes_of_two_accounts_recur_and_those_of_one_do_not():
    pattern = find_pattern(
        [
            finding("undersold", "cold_interviewer"),
            finding("undersold"),
            finding(UNEXPLAINED),
            finding("follow_up", "undersold"),
        ],
        BOOK,
    )
    assert [(r.cause, r.accounts) for r in pattern.recurring] == [("undersold", (1, 2, 4))]
    assert [r.cause for r in pattern.single] == ["cold_interviewer", "follow_up"]
    assert pattern.unexplained == (3,)
    assert pattern.own == ("undersold", "follow_up")
    assert pattern.n_own == 3


def test_no_account_has_no_pattern():
    pattern = find_pattern([], BOOK)
    assert (pattern.n_accounts, pattern.recurring, pattern.own) == (0, (), ())


def test_every_cause_has_questions():
    assert set(QUESTIONS) == {*BOOK.ids, UNEXPLAINED}
    for asked in QUESTIONS.values():
        assert asked.client
        assert asked.employer
        assert all(q.endswith("?") for q in (*asked.client, *asked.employer))
