import numpy as np
import pytest

from rejectnlp.errors import DataError
from rejectnlp.prevalence import (
    Share,
    compare_shares,
    correct_for_many,
    estimate_prevalence,
    estimate_share,
    estimate_unchecked,
)
from rejectnlp.report import format_prevalence
from rejectnlp.tagged import Tagged


def make_tagged(model, n=400, seed=0):
    rng = np.random.default_rng(seed)
    P = rng.uniform(0, 0.3, (n, 13))
    P[: n // 2, 0] = 0.9  # half of them very likely a skills gap
    ids = [f"a{i}" for i in range(n)]
    regions = ["north" if i < n // 2 else "south" for i in range(n - 3)] + ["isle"] * 3
    return Tagged(ids, model.codebook.ids, P, P >= 0.5, {"region": regions})


def test_checked_answers_correct_a_tagger_that_is_always_wrong():
    rng = np.random.default_rng(1)
    y = (rng.random(4000) < 0.2).astype(np.int8)
    useless = rng.random(4000)
    checked = rng.choice(4000, 400, replace=False)
    share = estimate_share(useless, checked, y[checked])
    assert abs(share.value - 0.2) < 0.05
    assert share.low < 0.2 < share.high


def test_a_good_tagger_makes_the_interval_shorter():
    rng = np.random.default_rng(2)
    y = (rng.random(4000) < 0.3).astype(np.int8)
    good = np.clip(0.8 * y + rng.uniform(0, 0.2, 4000), 0, 1)
    checked = rng.choice(4000, 100, replace=False)
    helped = estimate_share(good, checked, y[checked])
    alone = estimate_share(np.zeros(4000), checked, y[checked])
    assert helped.high - helped.low < 0.6 * (alone.high - alone.low)


def test_a_cause_that_no_checked_account_has_is_not_promised_to_be_absent():
    p = np.full(1000, 0.02)
    share = estimate_share(p, np.arange(50), np.zeros(50, dtype=np.int8))
    assert share.value < 0.02
    assert share.high > 0.02


def test_when_everything_was_read_nothing_is_uncertain():
    share = estimate_share(np.array([0.9, 0.1]), np.array([0, 1]), np.array([1, 0], dtype=np.int8))
    assert (share.value, share.low, share.high) == (0.5, 0.5, 0.5)


@pytest.mark.slow
def test_intervals_hold_the_truth_in_about_19_of_20_surveys():
    rng = np.random.default_rng(3)
    y = (rng.random(20_000) < 0.1).astype(np.int8)
    p = np.clip(np.where(y, rng.beta(3, 3, 20_000), rng.beta(1, 9, 20_000)), 0, 1)
    held = []
    for _ in range(400):
        checked = rng.choice(20_000, 100, replace=False)
        share = estimate_share(p, checked, y[checked])
        held.append(share.low <= y.mean() <= share.high)
    assert 0.92 <= np.mean(held) <= 0.99


def test_without_checked_accounts_a_shifted_mix_is_followed():
    rng = np.random.default_rng(4)
    prior, truth = 0.1, 0.4
    x = rng.normal(2.0 * (rng.random(5000) < truth), 1.0)
    odds = prior / (1 - prior) * np.exp(2.0 * x - 2.0)  # calibrated for the prior
    p = odds / (1 + odds)
    share = estimate_unchecked(p, prior, 2000)
    assert abs(share.value - truth) < 0.03
    assert abs(p.mean() - truth) > 0.1  # what the plain mean would have said
    assert share.low < truth < share.high


def test_groups_are_compared_and_small_ones_left_out(tiny_model):
    found = estimate_prevalence(make_tagged(tiny_model), tiny_model, by="region")
    assert {e.group for e in found.estimates} == {"", "north", "south"}
    assert found.left_out == {"isle": "fewer than 10 accounts"}
    by_cause = {d.cause: d for d in found.differences}
    assert by_cause["skills_gap"].p_value < 0.05 < by_cause["follow_up"].p_value
    text = format_prevalence(found, "region")
    assert "none read by a person" in text
    assert "not shown: isle: fewer than 10 accounts" in text


def test_groups_with_too_few_checked_accounts_say_so(tiny_model):
    tagged = make_tagged(tiny_model)
    checked = {f"a{i}": frozenset({"skills_gap"}) for i in range(0, 200, 10)}
    found = estimate_prevalence(tagged, tiny_model, checked, by="region")
    assert found.left_out["south"] == "only 0 checked accounts, 10 are needed"
    assert "20 were read by a person" in format_prevalence(found, "region")


def test_checked_accounts_of_another_file_are_refused(tiny_model):
    with pytest.raises(DataError, match="only 0 of the 1 checked accounts are in the tagged file"):
        estimate_prevalence(make_tagged(tiny_model), tiny_model, {"zz": frozenset()})


def test_equal_shares_do_not_differ():
    shares = [Share(v, 0, 1, 0.05, "checked", 100, 50) for v in (0.2, 0.21, 0.19)]
    assert compare_shares(shares) > 0.9


def test_p_values_are_corrected_by_holm():
    assert correct_for_many([0.001, 0.5, 0.02]) == [0.003, 0.5, 0.04]


@pytest.mark.slow
def test_groups_that_are_the_same_are_seldom_said_to_differ(tiny_model):
    rng = np.random.default_rng(5)
    causes, n, reports = tiny_model.codebook.ids, 3000, 60
    regions = {"region": [f"r{i % 5}" for i in range(n)]}
    ids = [f"a{i}" for i in range(n)]
    false = 0
    for _ in range(reports):
        Y = rng.random((n, len(causes))) < 0.05
        P = np.where(Y, rng.beta(3, 2, Y.shape), rng.beta(1, 24, Y.shape))
        tagged = Tagged(ids, causes, P, P > 0.5, regions)
        checked = {
            ids[i]: frozenset(c for c, has in zip(causes, Y[i], strict=True) if has)
            for i in rng.choice(n, 300, replace=False).tolist()
        }
        found = estimate_prevalence(tagged, tiny_model, checked, by="region")
        false += any(d.corrected < 0.05 for d in found.differences)
    assert false <= 0.1 * reports


def test_a_group_where_no_checked_account_has_a_cause_keeps_what_the_tags_say(tiny_model):
    tagged = make_tagged(tiny_model, n=2000)
    has = tagged.probabilities[:, 0] > 0.5
    checked = {
        f"a{i}": frozenset(
            {"skills_gap"} if has[i] and tagged.columns["region"][i] == "north" else ()
        )
        for i in range(0, 2000, 7)
        if tagged.columns["region"][i] == "north" or not has[i]
    }
    found = estimate_prevalence(tagged, tiny_model, checked, by="region")
    south = next(e for e in found.estimates if e.group == "south" and e.cause == "skills_gap")
    assert south.share.value > 0
