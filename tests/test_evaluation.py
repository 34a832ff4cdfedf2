import numpy as np
import pytest

from rejectnlp.dataset import Labelled, Span
from rejectnlp.errors import DataError
from rejectnlp.evaluation import evaluate, score
from rejectnlp.report import format_evaluation
from rejectnlp.scores import calibration_error, macro_f1, micro_f1, name_most_frequent


def marks(*rows):
    return np.array(rows, dtype=np.int8)


def test_macro_f1_counts_every_cause_alike():
    # First cause: 1 right, 1 missed, F1 2/3. Second: 1 right, 2 named too many, F1 1/2.
    Y = marks([1, 0], [1, 1], [0, 0], [0, 0])
    named = marks([1, 1], [0, 1], [0, 1], [0, 0])
    assert macro_f1(Y, named, np.array([0, 1])) == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_micro_f1_counts_every_mark_alike():
    Y = marks([1, 0], [1, 1], [0, 0], [0, 0])
    named = marks([1, 1], [0, 1], [0, 1], [0, 0])
    assert micro_f1(Y, named) == pytest.approx(2 * 2 / (3 + 4))


def test_the_calibration_error_is_the_average_gap():
    # Bin 0.1: promised 0.1, true 0.5, two of four. Bin 0.9: promised 0.9, true 1.0.
    p = np.array([0.1, 0.1, 0.9, 0.9])
    assert calibration_error(p, np.array([0, 1, 1, 1])) == pytest.approx(0.5 * 0.4 + 0.5 * 0.1)


def test_the_simplest_rival_names_the_most_frequent_cause():
    assert name_most_frequent(marks([0, 1], [0, 1], [1, 0])).tolist() == [[0, 1]] * 3


def test_causes_with_few_accounts_stay_out_of_the_averages(tiny_tagger, rows):
    evaluation = evaluate(rows, tiny_tagger)
    assert evaluation.counted == ()
    rows = [*rows, *rows]
    assert set(evaluate(rows, tiny_tagger).counted) == {
        "skills_gap",
        "pre_chosen_candidate",
        "cold_interviewer",
    }


def test_scores_stand_beside_three_rivals(tiny_tagger, rows):
    evaluation = evaluate([*rows, *rows], tiny_tagger)
    assert list(evaluation.baselines) == ["majority", "keywords", "stock TF-IDF + LR"]
    assert evaluation.macro_f1.value > max(evaluation.baselines.values()) - 1e-9
    assert evaluation.macro_f1.low <= evaluation.macro_f1.value <= evaluation.macro_f1.high
    text = format_evaluation(evaluation)
    for words in ("64 accounts", "majority", "keywords", "stock TF-IDF + LR", "95 %"):
        assert words in text


def test_evidence_hits_are_counted_by_overlap(tiny_tagger):
    text = "The tea was good. He yawned and looked at his phone. Bye."
    hit = Labelled(
        "h",
        text,
        ("cold_interviewer",),
        evidence=(Span("cold_interviewer", 18, 27, "shown"),),
    )
    miss = Labelled(
        "m",
        text,
        ("cold_interviewer",),
        evidence=(Span("cold_interviewer", 0, 8, "shown"),),
    )
    evaluation = evaluate([hit, miss], tiny_tagger)
    assert (evaluation.evidence_hits, evaluation.n_evidence) == (0.5, 2)


def test_only_the_part_asked_for_is_scored(tiny_tagger, rows):
    from dataclasses import replace

    test = [replace(r, id=f"t{r.id}", split="test") for r in rows[:5]]
    assert evaluate([*rows, *test], tiny_tagger, split="test").n_accounts == 5
    with pytest.raises(DataError, match="no accounts to score in the dev part"):
        evaluate(rows, tiny_tagger, split="dev")


def test_the_bootstrap_draws_groups_not_accounts(tiny_tagger):
    from rejectnlp.codebook import Codebook

    book = Codebook.from_ids(["a"])
    Y = marks(*[[1]] * 20)
    named = marks(*[[1]] * 10 + [[0]] * 10)
    P = named.astype(float)
    one_each = score(book, Y, P, named, np.arange(20), {})
    two_groups = score(book, Y, P, named, np.repeat([0, 1], 10), {})
    assert two_groups.macro_f1.low == 0.0
    assert one_each.macro_f1.low > 0.3
