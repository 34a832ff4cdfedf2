import warnings

import numpy as np
import pandas
import polars
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator

from rejectnlp.classifier import CauseClassifier, Fragments, apply_platt, fit_platt
from rejectnlp.codebook import read_codebook
from rejectnlp.training import cut_fragments, number_groups, targets

TEXTS = [
    "the boss hired a cousin of his",
    "a cousin got it in the end",
    "my mind froze at the board",
    "i froze and said nothing",
] * 6
LABELS = ["insider", "insider", "nerves", "nerves"] * 6
MARKS = np.array([[1, 0], [1, 0], [0, 1], [0, 1]] * 6)


def checks():
    """Give scikit-learn's own checks that are meant for estimators of texts.

    It has matrix checks (about 90) only for estimators that take numbers and says so by a
    warning; none of what remains is excluded. The tests below say those checks again for
    texts, but for: sparse input, dtypes, NaN and infinity, number of features, negative
    or complex values and array containers of numbers, which a text cannot have.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        return list(estimator_checks_generator(CauseClassifier(n_folds=2), mark="skip"))


@pytest.mark.parametrize(("estimator", "check"), checks())
def test_scikit_learns_own_checks_pass(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def fitted():
    return CauseClassifier(n_folds=2).fit(TEXTS, LABELS)


def test_fit_gives_itself_and_sets_only_trailing_underscores(fitted):
    model = CauseClassifier(n_folds=2)
    before = set(vars(model))
    assert model.fit(TEXTS, LABELS) is model
    assert all(name.endswith("_") for name in set(vars(model)) - before)


def test_a_clone_learns_the_same(fitted):
    again = clone(fitted).fit(TEXTS, LABELS)
    assert np.array_equal(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS))


def test_the_number_of_jobs_changes_no_number(fitted):
    again = clone(fitted).set_params(n_jobs=2).fit(TEXTS, LABELS)
    assert np.array_equal(again.coef_, fitted.coef_)


def test_one_label_a_text_gives_rows_that_sum_to_one(fitted):
    P = fitted.predict_proba(TEXTS)
    assert P.shape == (24, 2)
    assert np.allclose(P.sum(axis=1), 1)
    assert list(fitted.classes_) == ["insider", "nerves"]
    assert fitted.score(TEXTS, LABELS) == 1.0


def test_indicator_targets_give_indicator_predictions():
    model = CauseClassifier(n_folds=2).fit(TEXTS, MARKS)
    assert np.array_equal(model.predict(TEXTS), MARKS)


def test_it_works_inside_scikit_learns_tools():
    scores = cross_val_score(CauseClassifier(n_folds=2), TEXTS, LABELS, cv=2)
    assert scores.mean() == 1.0
    search = GridSearchCV(make_pipeline(CauseClassifier(n_folds=2)), {"causeclassifier__C": [1.0]})
    assert search.fit(TEXTS, LABELS).best_params_ == {"causeclassifier__C": 1.0}


COLUMNS = {
    "tuple": tuple(TEXTS),
    "array": np.array(TEXTS),
    "array of one column": np.array(TEXTS)[:, None],
    "pandas Series": pandas.Series(TEXTS, index=range(100, 124)),
    "pandas string Series": pandas.Series(TEXTS, dtype="string"),
    "pandas frame of one column": pandas.DataFrame({"story": TEXTS}),
    "polars Series": polars.Series(TEXTS),
    "polars frame of one column": polars.DataFrame({"story": TEXTS}),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_texts_are_taken(fitted, name):
    column = COLUMNS[name]
    assert np.array_equal(fitted.predict_proba(column), fitted.predict_proba(TEXTS))
    again = clone(fitted).fit(column, LABELS)
    assert np.array_equal(again.coef_, fitted.coef_)


@pytest.mark.parametrize("name", ["pandas Series", "pandas frame of one column", "polars Series"])
def test_columns_go_through_folds_and_searches(name):
    scores = cross_val_score(CauseClassifier(n_folds=2), COLUMNS[name], LABELS, cv=2)
    assert scores.tolist() == [1.0, 1.0]
    search = GridSearchCV(CauseClassifier(n_folds=2), {"C": [1.0]}, cv=2)
    assert search.fit(COLUMNS[name], LABELS).best_params_ == {"C": 1.0}


def test_labels_may_be_columns_too():
    for labels in (pandas.Series(LABELS), polars.Series(LABELS)):
        assert list(CauseClassifier(n_folds=2).fit(TEXTS, labels).classes_) == ["insider", "nerves"]


def test_a_table_of_two_columns_is_refused(fitted):
    table = pandas.DataFrame({"story": TEXTS, "place": TEXTS})
    with pytest.raises(ValueError, match="expected one column of texts, got 2"):
        fitted.predict(table)


@pytest.mark.parametrize(
    ("X", "problem"),
    [
        ("one text", "got a single text"),
        ([], "minimum of 1 is required"),
        ([["a"], ["b"]], "expected texts, got list"),
        ([1.0, 2.0], "expected texts, got float"),
        ([None], "expected texts, got NoneType"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(fitted, X, problem):
    with pytest.raises(ValueError, match=problem):
        fitted.predict(X)


def test_a_sparse_matrix_is_refused(fitted):
    with pytest.raises(TypeError, match="got a sparse matrix"):
        fitted.predict(sparse.csr_matrix((2, 2)))


def test_predicting_before_learning_is_refused():
    with pytest.raises(NotFittedError):
        CauseClassifier().predict(TEXTS)


def test_targets_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="24 texts but 23 labels"):
        CauseClassifier().fit(TEXTS, LABELS[:-1])
    with pytest.raises(ValueError, match="all of one class"):
        CauseClassifier().fit(TEXTS, ["a"] * 24)
    with pytest.raises(ValueError, match="two groups"):
        CauseClassifier().fit(TEXTS, LABELS, groups=[1] * 24)


def test_out_of_fold_probabilities_come_from_weights_that_never_saw_the_group(rows):
    # A word that stands in one group only, with its label, cannot help that very group.
    texts = ["zebra zebra zebra"] * 2 + TEXTS
    marks = np.vstack([[[0, 1]] * 2, MARKS])
    groups = np.array([0, 0, *range(1, 25)])
    model = CauseClassifier(n_folds=5, min_words=1, min_chars=1).fit(texts, marks, groups)
    assert model.predict_proba(texts)[0, 1] > model.out_of_fold_[0, 1]


def test_fragments_of_held_out_accounts_are_held_out_too(rows, monkeypatch):
    book = read_codebook()
    groups = number_groups(rows)
    fragments = cut_fragments(rows, groups, book)
    seen = []
    original = CauseClassifier._learn_weights

    def watch(self, material, keep):
        kept = set(material.groups[keep].tolist())
        own = np.isin(material.extra.groups, list(kept)) | (material.extra.groups < 0)
        seen.append((kept, set(material.extra.groups[own].tolist()) - {-1}))
        return original(self, material, keep)

    monkeypatch.setattr(CauseClassifier, "_learn_weights", watch)
    CauseClassifier(n_folds=2).fit(
        [r.text for r in rows],
        targets(rows, book),
        [groups[r.id] for r in rows],
        fragments,
    )
    assert len(seen) == 3
    assert all(used <= kept for kept, used in seen)


def test_fragments_teach_what_no_account_says():
    fragments = Fragments(
        ["zebra crossing"] * 4 + ["plain talk"] * 4,
        np.array([[0, 1]] * 4 + [[0, 0]] * 4, dtype=np.int8),
        np.full(8, -1),
        np.full(8, True),
    )
    without = CauseClassifier(n_folds=2).fit(TEXTS, MARKS)
    taught = CauseClassifier(n_folds=2).fit(TEXTS, MARKS, fragments=fragments)
    zebra = ["a zebra was there"]
    assert taught.predict_proba(zebra)[0, 1] > without.predict_proba(zebra)[0, 1]


def test_platt_scaling_recovers_known_shares():
    scores = np.repeat([[[-2.0, -2.0]], [[2.0, 2.0]]], 2000, axis=0)
    y = np.array([1] * 200 + [0] * 1800 + [1] * 1600 + [0] * 400, dtype=np.int8)[:, None]
    p = apply_platt(scores, fit_platt(scores, y))
    assert p[0, 0] == pytest.approx(0.1, abs=0.01)
    assert p[-1, 0] == pytest.approx(0.8, abs=0.01)


def test_causes_share_slopes_and_keep_their_own_frequency():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(4000, 2, 2))
    rates = 1 / (1 + np.exp(-(scores.sum(axis=2) + np.array([0.0, -3.0]))))
    Y = (rng.random((4000, 2)) < rates).astype(np.int8)
    platt = fit_platt(scores, Y)
    assert np.array_equal(platt[0, :2], platt[1, :2])
    assert platt[:, 2] == pytest.approx([0.0, -3.0], abs=0.25)


def test_a_cause_never_seen_keeps_a_small_probability():
    marks = np.hstack([MARKS, np.zeros((24, 1), dtype=int)])
    model = CauseClassifier(n_folds=2).fit(TEXTS, marks)
    assert (model.predict_proba(TEXTS)[:, 2] < 0.01).all()
    assert (model.predict(TEXTS)[:, 2] == 0).all()
