"""What one sentence adds."""

import pytest

from rejectnlp.contributions import examine_sentence

STORY = "The tea was good. He yawned and was rude. Then a mail."


def test_the_sentence_that_carries_a_cause_is_missed(tiny_tagger):
    found = examine_sentence(tiny_tagger, STORY, 1)
    assert found.text == "He yawned and was rude."
    assert found.lost == ("cold_interviewer",)
    assert found.weights[0].cause == "cold_interviewer"
    move = next(m for m in found.moves if m.cause == "cold_interviewer")
    assert move.after < move.before
    changes = [abs(m.after - m.before) for m in found.moves]
    assert changes == sorted(changes, reverse=True)


def test_any_other_sentence_is_not(tiny_tagger):
    found = examine_sentence(tiny_tagger, STORY, 0)
    assert found.lost == ()
    with pytest.raises(IndexError):
        examine_sentence(tiny_tagger, STORY, 3)


def test_sentences_are_weighed_as_the_evidence_is(tiny_tagger):
    [evidence] = tiny_tagger.explain(STORY).evidence
    spans = {(s, e): weights for s, e, weights in tiny_tagger.weigh_sentences(STORY)}
    assert spans[evidence.start, evidence.end][evidence.cause] == evidence.weight
