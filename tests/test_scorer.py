"""The scorer against scikit-learn, its oracle."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rejectnlp.accounts import UNTOLD, Account, note_text
from rejectnlp.codebook import read_codebook
from rejectnlp.errors import UsageError
from rejectnlp.scorer import Tagger
from rejectnlp.settings import Settings
from rejectnlp.training import make_classifier, number_groups, targets, to_model


@pytest.fixture(scope="module")
def classifier(rows):
    """The scikit-learn estimator that the taggers are made from."""
    groups = number_groups(rows)
    return make_classifier(Settings(n_jobs=1)).fit(
        [row.text for row in rows],
        targets(rows, read_codebook()),
        [groups[row.id] for row in rows],
    )


@pytest.fixture(scope="module", params=["compiled", "plain"])
def tagger(classifier, request):
    """A tagger that scores in one of the two ways."""
    tagger = Tagger(to_model(classifier, read_codebook(), {}))
    if request.param == "plain":
        tagger._scorer._kernel = None
    elif not tagger.is_compiled:
        pytest.skip("no compiled kernel here")
    return tagger


def expect(classifier, texts):
    """The oracle's probabilities; texts that are not read for causes have none by rule."""
    told = np.array([note_text(text) not in UNTOLD for text in texts])
    return classifier.predict_proba(texts) * told[:, None]


STRANGE = [
    "",
    "x",
    "İSTANBUL ǅ ß ﬁ",
    "e\u0301 o\u0308 \u200d \U0001f600 \U0001f468\u200d\U0001f469",
    "didn't DIDN’T didn`t ''' ' a'b'",
    "\x1c\x85\u2028 they\u00a0yawned \x00",
    "\ud800 lone",
    "a" * 5000,
    "phone " * 3000,
    "i. i. i... ?! \r\n\r\n yes",
    "ΟΔΟΣ ΣΑΣ. ΣΑΣ ΟΔΟΣ, they said no",
    "日本語 they went with an internal candidate 日本語",
    "one." * 30 + " then ...................... and" + '."' * 12 + " so",
    "word, " * 60 + "and - so " * 50 + "— because x then",
    "a_b _a 1a a1 12 a'b'c ''a'' a' 'b c''d",
]


def test_strange_texts_score_as_scikit_learn_scores_them(classifier, tagger):
    expected = expect(classifier, STRANGE)
    assert np.abs(tagger.predict_proba(STRANGE) - expected).max() <= 1e-9


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(max_size=120), min_size=1, max_size=4))
def test_any_text_scores_as_scikit_learn_scores_it(classifier, tagger, texts):
    expected = expect(classifier, texts)
    assert np.abs(tagger.predict_proba(texts) - expected).max() <= 1e-9


def test_the_invented_accounts_get_the_same_tags(classifier, tagger, rows):
    texts = [row.text for row in rows if note_text(row.text) not in UNTOLD]
    assert len(texts) > 25
    named = classifier.predict(texts)
    for text, marks in zip(texts, named, strict=True):
        expected = {c for c, mark in zip(tagger.causes, marks, strict=True) if mark}
        assert set(tagger.predict([text])[0]) - {"unexplained"} == expected


def test_one_text_alone_scores_as_in_any_batch(tagger, rows):
    texts = [*STRANGE, *(row.text for row in rows)]
    together = tagger.predict_proba(texts)
    alone = np.vstack([tagger.predict_proba([text]) for text in texts])
    assert np.array_equal(together, alone)


def test_no_texts_give_no_rows(tiny_tagger):
    assert tiny_tagger.predict_proba([]).shape == (0, 13)
    assert tiny_tagger.predict([]) == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_evidence_cuts_the_quoted_words_out_of_the_text(tagger, text):
    finding = tagger.explain(text)
    assert all(0 <= p <= 1 for p in finding.probabilities.values())
    for e in finding.evidence:
        assert text[e.start : e.end] == e.text


def test_a_promised_precision_names_fewer_causes_and_none_below_its_cutoffs(tiny_model, rows):
    texts = [row.text for row in rows]
    usual, surer = Tagger(tiny_model), Tagger(tiny_model, precision=0.9)
    assert (surer.cutoffs >= surer.model.precise_cutoffs[0]).all()
    for few, p in zip(surer.predict(texts), surer.predict_proba(texts), strict=True):
        expected = {
            c for c, own, cut in zip(surer.causes, p, surer.cutoffs, strict=True) if own >= cut
        }
        assert set(few) == (expected or {"unexplained"})
    assert np.array_equal(usual.predict_proba(texts), surer.predict_proba(texts))


def test_a_precision_without_cutoffs_is_refused(tiny_model):
    with pytest.raises(UsageError, match=r"no cut-offs for precision 0.42. Known: 0.5, 0.6"):
        Tagger(tiny_model, precision=0.42)


def test_findings_keep_ids_and_order(tiny_tagger):
    accounts = [Account("b", "He yawned."), Account("a", ""), Account("b", "Rude.")]
    assert [f.id for f in tiny_tagger.find(accounts)] == ["b", "a", "b"]


def test_an_empty_text_is_unexplained_and_says_so(tiny_tagger):
    finding = tiny_tagger.explain("  ")
    assert (finding.causes, finding.note, finding.evidence) == (("unexplained",), "empty", ())


def test_a_polite_formula_alone_is_unexplained(tiny_tagger):
    assert tiny_tagger.explain("They went in another direction.").causes == ("unexplained",)


def test_the_sentence_that_shows_the_cause_comes_first(tiny_tagger):
    finding = tiny_tagger.explain("The tea was good. He yawned and looked at his phone. Bye.")
    assert finding.causes == ("cold_interviewer",)
    assert finding.evidence[0].text == "He yawned and looked at his phone."
    assert finding.whose_move == ("employer",)


def test_a_very_long_text_is_cut_and_says_so(tiny_tagger):
    read = "The tea was good. " * 4000
    finding = tiny_tagger.explain(read + "He yawned, he was rude.")
    assert finding.note == "truncated"
    assert finding.probabilities == tiny_tagger.explain(read).probabilities


def test_a_text_about_something_else_is_noted_by_a_model_of_rejections_alone(tiny_tagger):
    recipe = "Peel the potatoes and boil them until they are soft, then mash them well. " * 3
    [finding] = tiny_tagger.find([Account("1", recipe)])
    assert finding.note == "not_about_jobs"
    own = replace(tiny_tagger.model, codebook=replace(tiny_tagger.codebook, version="own"))
    [finding] = Tagger(own).find([Account("1", recipe)])
    assert finding.note == ""
