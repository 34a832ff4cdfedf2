import numpy as np
import pandas
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from rejectnlp.features import TextFeatures
from rejectnlp.normalisation import normalise

TEXTS = ["They didn’t ask me", "they asked me twice", "nobody asked"]


def test_each_block_has_length_one_where_nothing_is_damped():
    features = TextFeatures(min_words=1, min_chars=1, damping=0)
    X = features.fit_transform(TEXTS)
    n_words = len(features.words_.vocabulary_)
    for block in (X[:, :n_words], X[:, n_words:]):
        assert np.allclose(np.asarray(block.power(2).sum(axis=1)).ravel(), 1)


def test_damping_keeps_short_texts_short():
    features = TextFeatures(min_words=1, min_chars=1, damping=1.0)
    X = features.fit_transform(["asked", "they asked me twice and then once more", "they asked me"])
    lengths = np.sqrt(np.asarray(X.power(2).sum(axis=1)).ravel())
    assert lengths[0] < lengths[2] < lengths[1]
    # The text of median length gets half its squared length per block: sqrt(1/2 + 1/2).
    assert lengths[2] == pytest.approx(1.0)


def test_fitting_and_transforming_agree():
    features = TextFeatures(min_words=1, min_chars=1)
    difference = features.fit_transform(TEXTS) - features.transform(TEXTS)
    assert abs(difference).max() < 1e-12


def test_a_word_is_one_with_its_apostrophe_or_without():
    features = TextFeatures(min_words=1, min_chars=1).fit(TEXTS)
    assert "word:didnt" in features.get_feature_names_out()
    assert normalise("DIDN’T") == normalise("didn`t") == "didnt"


def test_columns_are_named_words_first():
    features = TextFeatures(min_words=1, min_chars=1)
    names = features.fit(TEXTS).get_feature_names_out()
    assert len(names) == features.transform(TEXTS).shape[1]
    kinds = [name.split(":", 1)[0] for name in names]
    assert kinds == sorted(kinds, key=["word", "char"].index)


def test_what_stands_in_one_text_only_is_not_kept():
    texts = [*TEXTS * 20, "zebra"]
    names = TextFeatures().fit(texts).get_feature_names_out()
    assert not [name for name in names if "zebra" in name]


def test_no_texts_give_no_rows():
    features = TextFeatures(min_words=1, min_chars=1).fit(TEXTS)
    assert features.transform([]).shape == (0, len(features.get_feature_names_out()))


def test_transforming_before_fitting_is_refused():
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        TextFeatures().transform(TEXTS)


def test_it_works_in_pipelines_and_beside_other_columns():
    table = pandas.DataFrame({"story": TEXTS * 4})
    labels = ["asked", "asked", "not"] * 4
    for columns in ("story", ["story"]):
        chosen = make_column_transformer((TextFeatures(), columns))
        pipeline = make_pipeline(chosen, LogisticRegression()).fit(table, labels)
        assert pipeline.score(table, labels) == 1.0


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_output_as_a_table_names_its_columns(library):
    features = TextFeatures(min_words=1, min_chars=1, sparse_output=False)
    table = features.set_output(transform=library).fit_transform(pandas.Series(TEXTS))
    assert list(table.columns) == features.get_feature_names_out().tolist()
    assert np.array_equal(table.to_numpy(), clone(features).fit_transform(TEXTS))
    assert type(table).__module__.split(".")[0] == library


def test_output_as_a_table_keeps_the_index():
    column = pandas.DataFrame({"story": TEXTS}, index=["a", "b", "c"])
    features = TextFeatures(min_words=1, min_chars=1, sparse_output=False)
    table = features.set_output(transform="pandas").fit(column).transform(column)
    assert list(table.index) == ["a", "b", "c"]


def test_a_single_text_is_refused():
    with pytest.raises(ValueError, match="got a single text"):
        TextFeatures().fit("They asked me twice")
