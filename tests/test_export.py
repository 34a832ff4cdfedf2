"""An exported model gives the tagger's probabilities, and says what loading it risks."""

import json
import re
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from typer.testing import CliRunner

from rejectnlp.accounts import UNTOLD, note_text
from rejectnlp.cli import app
from rejectnlp.codebook import Codebook
from rejectnlp.errors import UsageError
from rejectnlp.export import KINDS, TRUSTED, ExportedTagger, to_pipeline, write_export
from rejectnlp.labels import Labelled, default_data
from rejectnlp.scorer import Tagger, load
from rejectnlp.settings import Settings
from rejectnlp.storage import save_model
from rejectnlp.training import train

STRANGE = [
    "",
    "x",
    "DIDN’T didn`t",
    "i. i. i... ?!",
    "ΟΔΟΣ ΣΑΣ, they said no",
    "a" * 60_000,
    "Nein.",
]


@pytest.fixture(scope="module")
def texts():
    """Several hundred texts of the dataset, none of its test part, and strange ones."""
    with default_data()[0].open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row["text"] for row in rows if row["split"] != "test"][:400] + STRANGE


@pytest.fixture(scope="module")
def shipped():
    return load()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_gives_the_probabilities_of_the_tagger(kind, texts, shipped, tmp_path):
    file = tmp_path / f"model.{kind}"
    write_export(shipped.model, file, kind)
    if kind == "joblib":
        estimator = joblib.load(file)
    else:
        skops = pytest.importorskip("skops.io")
        estimator = skops.load(file, trusted=list(TRUSTED))
    assert np.abs(estimator.predict_proba(texts) - shipped.predict_proba(texts)).max() <= 1e-9


def test_skops_has_to_be_told_of_one_type_only(tiny_model, tmp_path):
    skops = pytest.importorskip("skops.io")
    write_export(tiny_model, tmp_path / "model.skops", "skops")
    assert skops.get_untrusted_types(file=tmp_path / "model.skops") == list(TRUSTED)


def test_it_names_the_same_causes(rows, tiny_tagger):
    texts = [row.text for row in rows if note_text(row.text) not in UNTOLD]
    marks = ExportedTagger(tiny_tagger.model).predict(texts)
    for own, named in zip(marks, tiny_tagger.predict(texts), strict=True):
        causes = {c for c, mark in zip(tiny_tagger.causes, own, strict=True) if mark}
        assert causes == set(named) - {"unexplained"}


def make_exclusive_tagger():
    """Train on texts of one cause each; not in alphabetical order, so that order is seen."""
    said = {"price": "the price was far too high", "late": "it came a week late again"}
    rows = [
        Labelled(f"{cause}{n}", f"{text}, part {n}", (cause,), origin={"type": "authored"})
        for n in range(12)
        for cause, text in said.items()
    ]
    return Tagger(train(rows, Codebook.from_ids(said), Settings(n_jobs=1)))


def test_of_exclusive_causes_it_names_the_likeliest():
    tagger = make_exclusive_tagger()
    estimator = ExportedTagger(tagger.model)
    texts = ["so late again that week", "a price so high", "Nein."]
    assert np.abs(estimator.predict_proba(texts) - tagger.predict_proba(texts)).max() <= 1e-9
    assert estimator.predict(texts).tolist() == ["late", "price", "unexplained"]
    assert list(estimator.classes_) == ["price", "late"]


def test_it_lives_in_scikit_learns_tools(tiny_model, rows):
    estimator = ExportedTagger(tiny_model)
    texts = [row.text for row in rows]
    marks = estimator.predict(texts)
    assert clone(estimator) is estimator
    assert repr(estimator) == "ExportedTagger()"
    assert make_pipeline(estimator).predict_proba(texts).shape == (len(texts), 13)
    assert cross_val_score(estimator, texts, marks, cv=2).tolist() == [1.0, 1.0]
    assert estimator.predict_proba([]).shape == (0, 13)


def test_the_pipeline_is_made_of_scikit_learns_own_classes(tiny_model):
    # Each class of the tree comes from scikit-learn: whoever has that alone can open it.
    pipeline = to_pipeline(tiny_model)
    kinds = {type(v) for v in pipeline.get_params().values() if hasattr(v, "fit")}
    assert {kind.__module__.split(".")[0] for kind in kinds} == {"sklearn"}
    assert {type(e) for e in pipeline[-1].estimators_} == {LogisticRegression}


@pytest.mark.slow
def test_the_pipelines_scores_are_the_tagger_s_scores_of_whole_texts(texts, shipped):
    scores = to_pipeline(shipped.model).decision_function(texts[:100])
    expected = shipped._scorer.score(texts[:100]).whole[:, :-1]
    assert np.abs(scores - expected).max() <= 1e-9


def test_the_pipelines_columns_have_names(tiny_model):
    pipeline = to_pipeline(tiny_model)
    names = pipeline[:-1].get_feature_names_out()
    assert len(names) == pipeline[-1].estimators_[0].coef_.shape[1]
    assert names[0] == f"words__ngrams__{tiny_model.words[0]}"


def run(*arguments):
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def test_the_command_writes_a_file_and_warns_of_joblib(tiny_model, tmp_path):
    save_model(tiny_model, tmp_path / "m", "card")
    done = run(tmp_path / "m", "--to", "joblib", "--out", tmp_path / "m.joblib")
    assert done.exit_code == 0
    assert done.stdout == ""
    assert "runs what it holds when it is loaded" in done.stderr
    assert joblib.load(tmp_path / "m.joblib").classes_[0] == "skills_gap"
    again = run(tmp_path / "m", "--to", "joblib", "--out", tmp_path / "m.joblib")
    assert (again.exit_code, "exists already" in again.stderr) == (1, True)


def test_onnx_is_refused_with_its_reason(tmp_path):
    done = run("--to", "onnx", "--out", tmp_path / "m.onnx")
    assert done.exit_code == 2
    assert "cut no text into sentences" in done.stderr
    assert not list(tmp_path.iterdir())


def test_without_skops_the_remedy_is_told(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(UsageError, match=re.escape("pip install 'rejectnlp[export]'")):
        write_export(tiny_model, Path(tmp_path, "m.skops"), "skops")
