import numpy as np
import pytest

from rejectnlp.decisions import choose_causes, choose_cutoff, word_certainty


def test_causes_come_likeliest_first():
    named = choose_causes({"a": 0.5, "b": 0.9, "c": 0.1}, {"a": 0.4, "b": 0.4, "c": 0.4})
    assert named == ("b", "a")


def test_a_probability_at_the_cutoff_is_enough():
    assert choose_causes({"a": 0.4}, {"a": 0.4}) == ("a",)


def test_nothing_above_its_cutoff_is_unexplained():
    assert choose_causes({"a": 0.3}, {"a": 0.4}) == ("unexplained",)


def test_a_cause_never_seen_is_never_named():
    assert choose_cutoff(np.array([0.2, 0.1]), np.zeros(2, dtype=np.int8)) == 1.0


def test_the_cutoff_is_half_the_f1_that_the_probabilities_promise():
    # Worked by hand: naming the first two promises 2 * 1.4 / (2 + 1.6) = 0.778; half of it 0.389.
    cut = choose_cutoff(np.array([0.2, 0.6, 0.8]), np.array([0, 1, 1], dtype=np.int8))
    assert cut == pytest.approx(1.4 / 3.6)


def test_words_follow_the_probability():
    assert [word_certainty(p) for p in (1.0, 0.8, 0.5, 0.0)] == [
        "sure", "sure", "likely", "possible",
    ]  # fmt: skip
