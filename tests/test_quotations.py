import json

import numpy as np
import pytest
from typer.testing import CliRunner

from rejectnlp.cli import app
from rejectnlp.quotations import choose_quotations, read_evidence
from rejectnlp.tagged import Tagged

CAUSES = ("skills_gap", "follow_up")


def make_tagged(texts, probabilities, towns=None):
    """Give accounts that all name the first cause with this evidence."""
    n = len(texts)
    return Tagged(
        [str(i) for i in range(n)],
        CAUSES,
        np.array([[p, 0.1] for p in probabilities]),
        np.array([[True, False]] * n),
        {"evidence": [f"skills_gap: {text}" for text in texts], "town": towns or ["Leeds"] * n},
    )


def test_the_shortest_sentences_of_the_surest_accounts_are_quoted():
    texts = [f"I lacked {'very ' * (12 - i)}much experience." for i in range(12)]
    tagged = make_tagged(texts, [0.9] * 10 + [0.5] * 2)
    quoted = choose_quotations(tagged)["skills_gap"]
    assert quoted == (texts[9], texts[8], texts[7])  # 10 and 11 are shorter and less sure.


def test_what_names_somebody_is_hidden_and_copies_count_once():
    texts = ["My boss Sarah said I lacked experience."] * 6 + ["At Zentrix I had lacked SQL."] * 6
    quoted = choose_quotations(make_tagged(texts, [0.9] * 12))["skills_gap"]
    assert quoted == (
        "At [firm] I had lacked SQL.",
        "My boss [name] said I lacked experience.",
    )


def test_a_rare_cause_and_a_small_group_are_not_quoted():
    texts = [f"I lacked the experience number {i}." for i in range(9)]
    assert choose_quotations(make_tagged(texts, [0.9] * 9)) == {}
    texts = [*texts, "I lacked this so much more too.", "I lacked it in York."]
    tagged = make_tagged(texts, [0.8] * 10 + [0.9], ["Leeds"] * 10 + ["York"])
    assert "I lacked it in York." in choose_quotations(tagged)["skills_gap"]
    assert "I lacked it in York." not in choose_quotations(tagged, "town")["skills_gap"]


def test_long_and_tiny_sentences_are_no_examples():
    texts = ["No SQL.", "x " * 200] * 6
    assert choose_quotations(make_tagged(texts, [0.9] * 12)) == {}


def test_evidence_is_read_from_both_forms():
    cell = json.dumps([{"cause": "follow_up", "text": "No\nmail."}, {"cause": "x", "text": "y"}])
    assert list(read_evidence(cell, "follow_up", CAUSES)) == ["No mail."]
    assert list(read_evidence("", "follow_up", CAUSES)) == []


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_the_report_quotes_only_when_asked(tmp_path, suffix):
    lines = [
        f"{n},My boss Sarah said that I lacked the experience with SQL {n}." for n in range(30)
    ]
    (tmp_path / "a.csv").write_text("\n".join(["id,text", *lines]) + "\n")

    def run(*arguments):
        result = CliRunner().invoke(app, [str(a) for a in arguments])
        assert result.exit_code == 0, result.output

    tagged = tmp_path / f"tagged.{suffix}"
    run("predict", tmp_path / "a.csv", "--out", tagged)
    for name in ("r.html", "r.md", "r.json"):
        run("report", tagged, "--out", tmp_path / name)
        assert "lacked the experience" not in (tmp_path / name).read_text()
        run("report", tagged, "--out", tmp_path / name, "--force", "--evidence")
        shown = (tmp_path / name).read_text()
        assert "My boss [name] said that I lacked the experience" in shown
        assert "Sarah" not in shown
