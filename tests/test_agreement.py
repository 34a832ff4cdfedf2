import json

import pytest
from typer.testing import CliRunner

from rejectnlp.agreement import compare_readers, krippendorff_alpha
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
    assert json.loads(result.stdout)["n"] == 2
