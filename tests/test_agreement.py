import json

import pytest
from typer.testing import CliRunner

from rejectnlp.agreement import (
    CauseAgreement,
    bootstrap_alpha,
    compare_readers,
    krippendorff_alpha,
    settle_votes,
)
from rejectnlp.cli import app
from rejectnlp.codebook import read_codebook
from rejectnlp.errors import DataError

BOOK = read_codebook()


def test_readers_who_always_agree_have_alpha_1():
    votes = {"a": ["skills_gap"], "b": [], "c": ["undersold", "follow_up"]}
    found = compare_readers(votes, votes, BOOK)
    assert (found.n_same, found.alpha, found.macro_f1) == (3, 1.0, 1.0)
    assert found.differences == ()


def test_alpha_is_1_where_all_said_the_same_of_everything():
    assert krippendorff_alpha([[["a"], ["a"]], [["a"], ["a"]]]) == 1.0


def test_a_partial_overlap_counts_for_the_cause_that_both_gave():
    a = {"1": ["skills_gap", "undersold"], "2": ["skills_gap"]}
    b = {"1": ["skills_gap"], "2": ["unexplained"]}
    causes = {c.cause: c for c in compare_readers(a, b, BOOK).causes}
    assert (causes["skills_gap"].both, causes["skills_gap"].only_first) == (1, 1)
    assert causes["skills_gap"].f1 == pytest.approx(2 / 3)
    assert (causes["undersold"].only_first, causes["unexplained"].only_second) == (1, 1)


def test_the_interval_is_of_the_alpha_that_nltk_gives():
    sets = [["a"], ["b"], ["a", "b"], ["a", "b", "c"], ["b", "c"]]
    pairs = [(sets[n % 5], sets[(n * n) % 5]) for n in range(60)]
    low, high = bootstrap_alpha(pairs)
    assert low < krippendorff_alpha(pairs) < high
    one = [(["a"], ["a", "b"])]  # Every draw of one account is that account.
    assert bootstrap_alpha(one) == pytest.approx((krippendorff_alpha(one),) * 2)


def test_the_interval_narrows_with_more_accounts_and_is_the_same_again():
    pairs = [(["a"], ["a"]), (["b"], ["b"]), (["a"], ["b"])]
    few, many = bootstrap_alpha(pairs * 5), bootstrap_alpha(pairs * 50)
    assert many[1] - many[0] < few[1] - few[0]
    assert bootstrap_alpha(pairs * 5) == few


def test_alpha_of_a_cause_is_krippendorffs_nominal_alpha():
    from nltk.metrics import AnnotationTask

    votes = [(1, 1)] * 3 + [(1, 0)] * 2 + [(0, 1)] + [(0, 0)] * 6
    triples = [(who, n, v) for n, pair in enumerate(votes) for who, v in enumerate(pair)]
    own = CauseAgreement("undersold", 3, 2, 1, 6).alpha
    assert own == pytest.approx(AnnotationTask(data=triples).alpha())
    assert CauseAgreement("undersold", 0, 0, 0, 6).alpha is None
    assert CauseAgreement("undersold", 6, 0, 0, 0).alpha is None


def test_votes_are_settled_cause_by_cause():
    assert settle_votes([["a"]]) == ("a",)
    assert settle_votes([["a", "b"], ["b"], ["b", "c"]]) == ("b",)
    assert settle_votes([["unexplained"], ["unexplained"], ["a"]]) == ("unexplained",)
    assert settle_votes([["a", "b"], ["a"]]) is None
    assert settle_votes([["a"], ["b"], ["unexplained"]]) is None


def test_readers_of_different_accounts_are_refused():
    with pytest.raises(DataError, match="no account in common"):
        compare_readers({"a": []}, {"b": []}, BOOK)


def test_the_command_shows_agreement_and_differences(tmp_path):
    for name, answer in (("a", "undersold"), ("b", "skills_gap; undersold")):
        text = f"id,checked\n1,{answer}\n2,unexplained\n"
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    files = [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    result = CliRunner().invoke(app, ["agreement", *files])
    assert result.exit_code == 0
    assert "1: A undersold; B skills_gap, undersold" in result.stdout
    result = CliRunner().invoke(app, ["agreement", *files, "--json"])
    found = json.loads(result.stdout)
    assert (found["n"], found["macro_f1"]) == (2, 0.5)
    of_undersold = next(cause for cause in found["causes"] if cause["cause"] == "undersold")
    assert (of_undersold["f1"], of_undersold["alpha"]) == (1.0, 1.0)
