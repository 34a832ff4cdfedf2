import json
import random

import pytest
from typer.testing import CliRunner

from rejectnlp import behaviour
from rejectnlp.behaviour import CHANGES, Pair, measure_behaviour, read_pairs, swap_words
from rejectnlp.cli import app
from rejectnlp.codebook import UNEXPLAINED, read_codebook
from rejectnlp.dataset import Labelled, find_near_duplicates
from rejectnlp.errors import UsageError
from rejectnlp.labels import default_data, read_labelled
from rejectnlp.report import format_behaviour
from rejectnlp.scorer import load


class Stub:
    """Names a cause wherever its name stands in the text."""

    causes = read_codebook().ids

    def predict(self, texts):
        return [tuple(c for c in self.causes if c in t) or (UNEXPLAINED,) for t in texts]


def test_a_pair_is_right_only_when_both_texts_are(monkeypatch):
    one = [Pair(c, f"It was {c} there.", "It was not. Bye.", "denied") for c in Stub.causes]
    two = Pair("follow_up", "It was follow_up.", "It was not follow_up, she said.", "wondered")
    monkeypatch.setattr(behaviour, "read_pairs", lambda: [*one, two])
    found = measure_behaviour(Stub())
    by_cause = {c.name: c for c in found.contrasts}
    assert (by_cause["skills_gap"].n, by_cause["skills_gap"].n_both) == (1, 1)
    follow_up = by_cause["follow_up"]
    assert (follow_up.n, follow_up.n_present, follow_up.n_absent, follow_up.n_both) == (2, 2, 1, 1)
    assert found.share_of_pairs == pytest.approx(13 / 14)
    assert {c.name: c.n for c in found.ways} == {"denied": 13, "wondered": 1}


def test_a_flip_is_counted_where_the_causes_change(monkeypatch):
    pairs = [Pair(c, f"It was {c} there.", "It was not. Bye.", "denied") for c in Stub.causes]
    monkeypatch.setattr(behaviour, "read_pairs", lambda: pairs)
    flips = {i.name: i for i in measure_behaviour(Stub()).invariances}
    assert flips["capitals"].n_flipped == 13  # the stub minds capitals
    assert flips["a neutral sentence more"].n_flipped == 0
    assert flips["another name"].n == 50 + 26


def test_every_change_changes_what_it_says():
    rng = random.Random(0)
    text = "He didn't recognise him, they said. I waited outside the centre for ages."
    for name, change in CHANGES.items():
        before, after = change(text * 12, rng)
        assert before != after, name
    assert swap_words("He met her", {"he": "she"}) == "She met her"
    assert CHANGES["no full stops or commas"]("At 9.30, fine.", rng)[1] == "At 9.30 fine"


def test_the_suite_holds_twenty_pairs_of_every_cause_that_differ_and_stand_once():
    pairs = read_pairs()
    for cause in read_codebook().ids:
        assert sum(pair.cause == cause for pair in pairs) >= 20
    texts = [text for pair in pairs for text in (pair.present, pair.absent)]
    assert len(set(texts)) == len(texts)


@pytest.mark.slow
def test_no_text_of_the_suite_is_near_one_that_the_model_learns_from():
    rows, _ = read_labelled(default_data())
    suite = [
        Labelled(f"suite-{n}", text, ("unexplained",))
        for n, pair in enumerate(read_pairs())
        for text in (pair.present, pair.absent)
    ]
    near = [
        (a.id, b.id)
        for a, b, _ in find_near_duplicates([*rows, *suite])
        if a.id.startswith("suite-") != b.id.startswith("suite-")
    ]
    assert near == []


def test_he_becomes_she_and_her_is_left_alone():
    assert swap_words("He told him of his car; she met her.", behaviour._OTHER) == (
        "She told her of her car; he met her."
    )


@pytest.mark.slow
def test_the_shipped_model_is_tried_from_the_shell(tmp_path):
    out = tmp_path / "behaviour.json"
    result = CliRunner().invoke(app, ["evaluate", "--behaviour", "--out", str(out)])
    assert result.exit_code == 0
    found = json.loads(out.read_text())
    assert "contrast pairs" in result.stdout
    assert "sentences turned round" in result.stdout
    case = next(i for i in found["invariances"] if i["name"] == "lower case")
    assert case["n_flipped"] == 0
    assert found["share_of_pairs"] == pytest.approx(measure_behaviour(load()).share_of_pairs)


def test_other_causes_than_the_codebooks_are_refused(monkeypatch):
    class Own(Stub):
        causes = ("a", "b")

    with pytest.raises(UsageError, match="codebook's causes"):
        measure_behaviour(Own())


def test_the_text_for_a_mail_names_the_failed_cases(monkeypatch):
    text = format_behaviour(measure_behaviour(Stub()))
    assert "hard-01" in text
    assert "denied" in text
