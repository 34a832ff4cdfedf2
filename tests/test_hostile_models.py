"""Model folders that somebody damaged, or made to do harm: refused, and nothing runs."""

import json
import os
import pickle
import random
import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from rejectnlp.errors import DataError, ModelError
from rejectnlp.scorer import Tagger
from rejectnlp.settings import asset_path
from rejectnlp.storage import FILES, _seal, load_model, save_model, write_manifest

ALL = (*FILES, "manifest.json")


@pytest.fixture(scope="module")
def saved(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "model"
    save_model(replace(tiny_model, about={"a": [1, 2]}), folder, "# card\n")
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "model")


def reseal(folder, **parts):
    """Do what somebody does who means harm and knows how folders are sealed."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    write_manifest(folder, {**manifest, **parts})


def refusal(folder):
    """Load, and give the refusal's message; another error is a bug."""
    with pytest.raises(ModelError) as caught:
        load_model(folder)
    message = str(caught.value)
    assert str(folder) in message
    assert "\n" not in message
    return message


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_the_shipped_model_is_sealed_and_every_file_of_it_is_in_the_seal():
    folder = asset_path("models", "default")
    load_model(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert {path.name for path in folder.iterdir()} == {*manifest["files"], "manifest.json"}


def test_a_hundred_flipped_bytes_anywhere_are_each_refused(saved, folder):
    draw = random.Random(1)
    sizes = {name: (saved / name).stat().st_size for name in ALL}
    for n in range(100):
        # Every file as often as any other: else nearly all would fall into the weights.
        name = ALL[n % len(ALL)]
        data = bytearray((saved / name).read_bytes())
        at = draw.randrange(sizes[name])
        data[at] ^= draw.randrange(1, 256)
        (folder / name).write_bytes(data)
        refusal(folder)
        (folder / name).write_bytes((saved / name).read_bytes())
    load_model(folder)


def test_files_cut_off_at_fifty_places_are_each_refused(saved, folder):
    draw = random.Random(2)
    for n in range(50):
        name = ALL[n % len(ALL)]
        data = (saved / name).read_bytes()
        (folder / name).write_bytes(data[: draw.randrange(len(data))])
        refusal(folder)
        (folder / name).write_bytes(data)


@pytest.mark.parametrize("name", ALL)
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()
    refusal(folder)


@pytest.mark.parametrize("name", ALL)
def test_a_byte_more_is_refused(folder, name):
    with (folder / name).open("ab") as stream:
        stream.write(b"\n")
    assert "is damaged or was changed" in refusal(folder)


@pytest.mark.parametrize("name", ALL)
def test_a_link_out_of_the_folder_is_not_followed(folder, tmp_path, name):
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    assert "is not a plain file" in refusal(folder)


@pytest.mark.parametrize("name", ALL)
def test_a_pickle_under_any_name_is_never_run(folder, tmp_path, name):
    (folder / name).write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    refusal(folder)
    if name not in ("manifest.json", "README.md"):
        reseal(folder)
        refusal(folder)
    assert not (tmp_path / "ran").exists()


def test_a_pickle_inside_an_array_is_never_run(folder, tmp_path):
    np.save(folder / "idf.npy", np.array([Bomb(tmp_path / "ran")], dtype=object))
    reseal(folder)
    assert "does not fit" in refusal(folder)
    assert not (tmp_path / "ran").exists()


def test_files_that_the_format_does_not_know_are_never_opened(folder, tmp_path, monkeypatch):
    (folder / "extra.pkl").write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    change_raw(folder, files={**files, "../../secret.txt": files["idf.npy"]})
    opened = []
    read = type(folder).read_bytes
    monkeypatch.setattr(type(folder), "read_bytes", lambda path: opened.append(path) or read(path))
    load_model(folder)
    assert {path.name for path in opened} == set(ALL)
    assert {path.parent for path in opened} == {folder}
    assert not (tmp_path / "ran").exists()


def change_raw(folder, **parts):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["sha256"]
    path.write_bytes(_seal(json.dumps({**manifest, **parts}, indent=1).encode()))


def test_a_zip_bomb_in_place_of_an_array_is_not_unpacked(folder):
    with zipfile.ZipFile(folder / "weights.npy", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arr_0.npy", bytes(50_000_000))
    reseal(folder)
    assert "does not fit" in refusal(folder)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 1000000000), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }",
        "(" * 5_000,
        "{'descr': __import__('os').getcwd(), 'fortran_order': False, 'shape': (), }",
        "'''",
    ],
)
def test_a_header_that_promises_what_is_not_there_is_refused(folder, header):
    text = header.encode() + b"\n"
    head = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    (folder / "weights.npy").write_bytes(head + bytes(64))
    reseal(folder)
    assert "does not fit" in refusal(folder)


@pytest.mark.parametrize("name", ["weights.npy", "idf.npy"])
@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.astype("float16"),
        lambda a: a.astype(">f8"),
        lambda a: a[:-1],
        lambda a: a.reshape(-1, 1),
        lambda a: np.asfortranarray(np.stack([a, a])),
        lambda a: a * np.nan,
        lambda a: a + np.inf,
    ],
)
def test_arrays_of_another_kind_shape_or_without_numbers_are_refused(folder, name, change):
    np.save(folder / name, change(np.load(folder / name)))
    reseal(folder)
    assert "does not fit" in refusal(folder)


@pytest.mark.parametrize(
    "parts",
    [
        {"word_ngrams": [1, float("inf")]},
        {"intercepts": [10**400] * 14},
        {"dampings": [float("nan"), 1]},
        {"cutoffs": [[[]]]},
        {"platt": {"a": 1}},
        {"n_words": True},
        {"codebook": {"version": "1", "causes": [], "unexplained": {}}},
        {"codebook": None},
        {"about": [1]},
    ],
)
def test_numbers_that_are_none_are_refused(folder, parts):
    reseal(folder, **parts)
    assert "does not fit" in refusal(folder)


def test_a_cause_cannot_send_commands_to_the_terminal(folder):
    book = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["codebook"]
    book["causes"][0]["name"] = "\x1b]0;yours\x07"
    reseal(folder, codebook=book)
    assert "does not fit" in refusal(folder)


def test_a_label_cannot_become_a_cause_with_control_characters():
    from rejectnlp.codebook import Codebook

    with pytest.raises(DataError, match="control characters"):
        Codebook.from_ids(["late", "\x1b[31mprice"])


def test_a_model_of_an_earlier_release_says_what_to_do(folder):
    change_raw(folder, format=2)
    assert "model format 2 is not the one this release reads (3)" in refusal(folder)
    assert "rejectnlp train" in refusal(folder)


def test_a_file_that_may_not_be_read_says_so(folder, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(folder), "read_bytes", refuse)
    assert "cannot be read (Permission denied)" in refusal(folder)


def test_a_loaded_model_does_not_feel_what_becomes_of_its_files(folder):
    # A mapped file that is cut short kills the process that looks at it.
    tagger = Tagger(load_model(folder))
    before = tagger.predict_proba(["He yawned and was rude."])
    os.truncate(folder / "weights.npy", 0)
    again = Tagger(tagger.model)
    assert np.array_equal(again.predict_proba(["He yawned and was rude."]), before)
    assert np.isfinite(tagger.model.weights).all()
