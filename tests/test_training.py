from dataclasses import replace

import numpy as np
import pytest

from rejectnlp.codebook import Codebook, read_codebook
from rejectnlp.dataset import Labelled, Span
from rejectnlp.errors import DataError, UsageError
from rejectnlp.report import format_card, format_training
from rejectnlp.scorer import Tagger
from rejectnlp.settings import SETTINGS, Settings, read_settings
from rejectnlp.training import cut_fragments, fingerprint, number_groups, train

QUICK = Settings(n_jobs=1)


def test_the_same_rows_make_the_same_model(rows, tiny_model):
    again = train(list(rows), read_codebook(), QUICK)
    for name in ("weights", "platt", "cutoffs", "intercepts"):
        assert np.array_equal(getattr(again, name), getattr(tiny_model, name))
    assert again.words == tiny_model.words


def test_the_test_part_teaches_nothing(rows, tiny_model):
    extra = Labelled("t", "zebra zebra", ("follow_up",), split="test")
    again = train([*rows, extra, replace(extra, id="u")], read_codebook(), QUICK)
    assert again.words == tiny_model.words
    assert np.array_equal(again.weights, tiny_model.weights)


def test_what_is_out_of_scope_teaches_nothing(rows, tiny_model):
    extra = Labelled("o", "I got the job!", ("unexplained",), kind="out_of_scope")
    assert np.array_equal(train([*rows, extra], read_codebook(), QUICK).weights, tiny_model.weights)


def test_too_few_accounts_are_refused(rows):
    with pytest.raises(DataError, match="only 3 accounts to train on"):
        train(rows[:3], read_codebook(), QUICK)


def test_one_label_for_all_is_refused():
    rows = [Labelled(str(n), f"text {n}", ("follow_up",)) for n in range(30)]
    with pytest.raises(DataError, match="the same label"):
        train(rows, read_codebook(), QUICK)


def test_own_causes_with_one_label_each_always_get_a_tag():
    texts = {"price": "it costs far too much", "late": "the parcel came a week late"}
    rows = [
        Labelled(f"{label}{n}", f"{text} number {n}", (label,), origin={"type": "authored"})
        for n in range(15)
        for label, text in texts.items()
    ]
    model = train(rows, Codebook.from_ids(sorted(texts)), QUICK)
    tagger = Tagger(model)
    assert model.is_exclusive
    assert tagger.causes == ("late", "price")
    assert tagger.predict(["much too much it costs", "a week late"]) == [("price",), ("late",)]
    assert tagger.predict_proba(["what was that"]).sum() == pytest.approx(1)
    assert tagger.explain("costs too much").whose_move == ()


def test_groups_join_by_detours():
    def row(name, page, author):
        origin = {"type": "page", "pointer": page, "author": author}
        return Labelled(name, name, ("unexplained",), origin=origin)

    rows = [row("a", "p1", "x"), row("b", "p2", "x"), row("c", "p2", "y"), row("d", "p3", "z")]
    groups = number_groups(rows)
    assert groups["a"] == groups["b"] == groups["c"] != groups["d"]


def test_fragments_are_sentences_marked_words_and_the_bank():
    account = Labelled(
        "a",
        "Nice talk. He yawned.",
        ("cold_interviewer",),
        evidence=(Span("cold_interviewer", 11, 20, "shown"),),
        origin={"type": "page", "pointer": "p"},
    )
    bank = Labelled("s", "She was late.", ("cold_interviewer",), kind="sentence")
    book = read_codebook()
    fragments = cut_fragments([account, bank], {"a": 7, "s": 8}, book)
    assert list(fragments.texts) == ["Nice talk.", "He yawned.", "He yawned", "She was late."]
    assert fragments.Y.sum(axis=1).tolist() == [0, 1, 1, 1]
    assert fragments.groups.tolist() == [7, 7, 7, -1]
    assert fragments.is_whole.tolist() == [True, True, False, True]


def test_an_account_whose_words_are_not_marked_gives_no_sentences():
    account = Labelled("a", "He yawned. Bye.", ("cold_interviewer",))
    assert list(cut_fragments([account], {"a": 0}, read_codebook()).texts) == []


def test_sentences_of_an_account_marked_for_some_causes_only_are_not_read_against_the_others():
    marked = (Span("skills_gap", 0, 13, "said"),)
    account = Labelled("a", "I lacked it. Late too.", ("skills_gap", "undersold"), evidence=marked)
    assert list(cut_fragments([account], {"a": 0}, read_codebook()).texts) == []
    whole = replace(account, labels=("skills_gap",))
    assert len(cut_fragments([whole], {"a": 0}, read_codebook()).texts) == 3


def test_the_fingerprint_follows_what_is_taught_not_the_order(rows):
    assert fingerprint(rows) == fingerprint(rows[::-1])
    assert fingerprint(rows) != fingerprint(rows[1:])


def test_card_and_training_report_carry_the_figures(tiny_model):
    card = format_card(tiny_model)
    fit = tiny_model.about["out_of_fold"]
    assert "Not for employers to screen applicants" in card
    assert "never a finding" in card
    assert f"{fit['macro_f1']:.3f}" in card
    assert f"{fit['n_accounts']}" in format_training(tiny_model)


def test_settings_are_read_from_toml(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text("C = 2\nseed = 7\n")
    assert read_settings(path) == replace(SETTINGS, C=2.0, seed=7)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sead = 1", "no setting 'sead'. Did you mean 'seed'"),
        ("balance = nan", "setting 'balance' must be from 0 to 1"),
        ("C = -1", "setting 'C' must be from"),
        ("n_bootstrap = 5", "no setting 'n_bootstrap'"),
        ("seed = 'x'", "setting 'seed' must be of type int"),
        ("seed =", "is not a readable TOML file"),
    ],
)
def test_wrong_settings_are_refused(tmp_path, text, problem):
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=problem):
        read_settings(path)
