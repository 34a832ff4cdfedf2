import json
import os
import pickle
import re
from dataclasses import replace

import numpy as np
import pytest

from rejectnlp.errors import ModelError, OutputError
from rejectnlp.normalisation import WORD_PATTERN, normalise
from rejectnlp.scorer import Tagger
from rejectnlp.storage import _seal, load_model, record_scores, save_model

TEXTS = ["He yawned and was rude.", "It went to the cousin.", "Then silence."]


@pytest.fixture
def folder(tiny_model, tmp_path):
    save_model(tiny_model, tmp_path / "model", "# card\n")
    return tmp_path / "model"


def change(folder, **parts):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["sha256"]
    # As somebody would who means harm, and knows how folders are sealed.
    path.write_bytes(_seal(json.dumps({**manifest, **parts}, indent=1).encode()))


def test_a_loaded_model_gives_the_same_findings(tiny_model, folder):
    before, after = Tagger(tiny_model), Tagger(load_model(folder))
    assert np.array_equal(before.predict_proba(TEXTS), after.predict_proba(TEXTS))
    assert [before.explain(t) for t in TEXTS] == [after.explain(t) for t in TEXTS]


def test_the_same_model_makes_the_same_bytes(tiny_model, folder, tmp_path):
    save_model(tiny_model, tmp_path / "again", "# card\n")
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_nothing_in_a_model_folder_is_a_pickle(folder):
    for path in folder.iterdir():
        with pytest.raises((pickle.UnpicklingError, EOFError, ValueError, KeyError, IndexError)):
            pickle.loads(path.read_bytes())


def test_an_existing_model_is_not_overwritten_without_force(tiny_model, folder):
    with pytest.raises(OutputError, match=r"exists already. Use --force"):
        save_model(tiny_model, folder, "")
    save_model(tiny_model, folder, "# new\n", force=True)
    assert (folder / "README.md").read_text() == "# new\n"
    assert [p.name for p in folder.parent.iterdir()] == ["model"]


def test_a_folder_that_is_no_model_is_left_alone_even_by_force(tiny_model, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    with pytest.raises(OutputError, match="is no model folder; it is left alone"):
        save_model(tiny_model, tmp_path / "mine", "", force=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "all of it"


def test_a_failed_save_leaves_nothing(tiny_model, tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OutputError, match="No space left on device"):
        save_model(tiny_model, tmp_path / "model", "")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_says_so(tmp_path):
    with pytest.raises(ModelError, match="does not exist"):
        load_model(tmp_path / "none")


def test_a_folder_without_a_model_says_so(tmp_path):
    with pytest.raises(ModelError, match="holds no model"):
        load_model(tmp_path)


def test_another_format_is_refused(folder):
    change(folder, format=99)
    with pytest.raises(ModelError, match="format 99 is not the one this release reads"):
        load_model(folder)


@pytest.mark.parametrize("name", ["weights.npy", "idf.npy", "words.txt", "chars.txt"])
def test_a_flipped_byte_is_noticed(folder, name):
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ModelError, match=f"{name}: is damaged or was changed"):
        load_model(folder)


def test_a_truncated_file_is_noticed(folder):
    os.truncate(folder / "weights.npy", 200)
    with pytest.raises(ModelError, match="is damaged"):
        load_model(folder)


@pytest.mark.parametrize(
    "parts",
    [
        {"platt": [[1, 2, 3]]},
        {"cutoffs": [0.5]},
        {"intercepts": [float("nan")] * 14},
        {"n_words": 3},
        {"word_ngrams": [1, 99]},
        {"char_ngrams": "ab"},
        {"dampings": [-1, 0]},
        {"codebook": {}},
        {"files": {}},
        {"about": 7},
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(folder, parts):
    change(folder, **parts)
    with pytest.raises(ModelError, match="the manifest does not fit"):
        load_model(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "null"])
def test_a_manifest_that_is_no_manifest_is_refused(folder, text):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ModelError, match=r"not readable JSON|model format None"):
        load_model(folder)


def repack(folder, name, array):
    import hashlib

    np.save(folder / name, array, allow_pickle=True)
    data = (folder / name).read_bytes()
    files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    own = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    change(folder, files={**files, name: own})


def test_an_array_of_objects_is_never_unpickled(folder):
    repack(folder, "idf.npy", np.array([print], dtype=object))
    with pytest.raises(ModelError, match="does not fit"):
        load_model(folder)


def test_weights_that_are_not_finite_are_refused(folder):
    weights = np.load(folder / "weights.npy")
    weights[0, 0] = np.inf
    repack(folder, "weights.npy", weights)
    with pytest.raises(ModelError, match="does not fit"):
        load_model(folder)


def test_a_link_in_place_of_a_file_is_refused(folder):
    (folder / "words.txt").rename(folder / "elsewhere.txt")
    (folder / "words.txt").symlink_to(folder / "elsewhere.txt")
    with pytest.raises(ModelError, match="is not a plain file"):
        load_model(folder)


def test_recorded_scores_stand_in_manifest_and_card(tiny_model, tmp_path):
    save_model(replace(tiny_model, about={"a": 1}), tmp_path / "m", "old\n")
    record_scores(tmp_path / "m", {"macro_f1": 0.5}, lambda model: f"{model.about}\n")
    assert load_model(tmp_path / "m").about == {"a": 1, "evaluation": {"macro_f1": 0.5}}
    assert "0.5" in (tmp_path / "m" / "README.md").read_text()


def test_no_word_of_a_single_account_is_in_a_model_folder(tiny_model, folder, rows):
    texts = [" ".join(re.findall(WORD_PATTERN, normalise(row.text))) for row in rows]
    words = (folder / "words.txt").read_text(encoding="utf-8").split("\n")
    assert len(words) > 50
    for word in words:
        assert sum(f" {word} " in f" {text} " for text in texts) >= 2
