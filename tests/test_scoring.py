"""The two ways of scoring against each other, character by character and span by span."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rejectnlp.scoring.compiled as compiled
import rejectnlp.scoring.plain as plain
from rejectnlp.accounts import note_text, split_sentences
from rejectnlp.scoring import Scorer, load_library
from rejectnlp.scoring.compiled import Kernel
from rejectnlp.scoring.plain import Plain

needs_kernel = pytest.mark.skipif(load_library() is None, reason="no compiled kernel here")
MARKS = (
    ". ! ? … , ; : – — - ' ’ \" ” ( ) ] \n \r\n \t ` ‘ É ß ı Ⱥ ſ 1 ¼ ² _ "
    "\u00a0 \u2028 \u0301 \u200d \U0001f600"
)
WORDS = "and but so because then which although Mr e.g. i I x didn't ’tis they went with rude"
PIECES = st.sampled_from([*MARKS.split(" "), *WORDS.split(), *[" "] * 12])
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=150).map("".join))


@pytest.fixture(scope="module")
def both(tiny_model):
    return Kernel(tiny_model, load_library()), Plain(tiny_model)


@needs_kernel
@settings(max_examples=500, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_the_kernel_cuts_notes_and_scores_as_python_does(both, texts):
    kernel, python = both
    batch, hard = kernel.score(texts)
    expected = python.score(texts)
    for i, text in enumerate(texts):
        if hard[i]:
            continue
        assert batch.notes[i] == note_text(text)
        spans = batch.spans[batch.first[i] : batch.first[i + 1]].tolist()
        assert spans == ([[s.start, s.end] for s in split_sentences(text)] or [[0, len(text)]])
        own = slice(*expected.first[i : i + 2])
        parts = batch.parts[batch.first[i] : batch.first[i + 1]]
        assert np.abs(parts - expected.parts[own]).max() < 1e-9
        assert np.abs(batch.whole[i] - expected.whole[i]).max() < 1e-9
        assert np.abs(batch.best[i] - expected.best[i]).max() < 1e-9


@needs_kernel
def test_ordinary_letters_of_europe_and_emoji_are_not_too_hard_for_the_kernel(both):
    texts = ["Café – “naïve”, they’d said…", "ужас", "\U0001f62d no offer", "zł £ € ½", "æøå ŞğI"]
    _, hard = both[0].score(texts)
    assert not hard.any()


@needs_kernel
def test_texts_the_kernel_leaves_to_python_come_back_in_their_places(tiny_model, both):
    texts = ["He yawned.", "日本 He yawned. Rude.", "", "\ud800 They went.", "He yawned."]
    batch, expected = Scorer(tiny_model).score(texts), both[1].score(texts)
    assert both[0].score(texts)[1].tolist() == [False, True, False, True, False]
    assert batch.first.tolist() == expected.first.tolist()
    assert batch.spans.tolist() == expected.spans.tolist()
    assert batch.notes == expected.notes
    assert np.abs(batch.whole - expected.whole).max() < 1e-9
    assert np.abs(batch.parts - expected.parts).max() < 1e-9


@needs_kernel
def test_threads_share_a_kernel(tiny_model):
    kernel = Kernel(tiny_model, load_library())
    texts = [f"He yawned {n} times. They went with w{n}." for n in range(300)]
    expected = kernel.score(texts)[0].whole
    seen = []

    def work():
        seen.extend(kernel.score(texts)[0].whole for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 80
    assert all(np.array_equal(whole, expected) for whole in seen)


@needs_kernel
def test_the_kernel_forgets_words_before_they_fill_the_memory(tiny_model, monkeypatch):
    monkeypatch.setattr(compiled, "_MOST_TOKENS", 50)
    kernel = Kernel(tiny_model, load_library())
    before = kernel.score(["He yawned at me."])[0].whole
    for n in range(20):
        kernel.score([" ".join(f"w{n}x{i}" for i in range(40))])
    with kernel._session() as session:
        assert load_library().rn_n_remembered(session) <= 50 + 40
    assert np.array_equal(kernel.score(["He yawned at me."])[0].whole, before)


@needs_kernel
def test_long_words_without_a_known_ngram_do_not_fill_the_memory(tiny_model, monkeypatch):
    monkeypatch.setattr(compiled, "_MOST_GRAMS", 100)
    kernel = Kernel(tiny_model, load_library())
    for n in range(20):
        kernel.score([f"{n}" + "\u0190" * 500])
    with kernel._session() as session:
        assert load_library().rn_n_remembered(session) <= 3


def test_python_forgets_words_before_they_fill_the_memory(tiny_model, monkeypatch):
    monkeypatch.setattr(plain, "_MOST_REMEMBERED", 50)
    scorer = Plain(tiny_model)
    before = scorer.score(["He yawned at me."]).whole
    scorer.score([" ".join(f"w{n}" for n in range(500))])
    assert np.array_equal(scorer.score(["He yawned at me."]).whole, before)
    assert len(scorer._tokens) <= 50


def test_without_the_kernel_python_scores(tiny_model, monkeypatch):
    monkeypatch.setenv("REJECTNLP_PLAIN", "1")
    load_library.cache_clear()
    try:
        assert not Scorer(tiny_model).is_compiled
    finally:
        monkeypatch.undo()
        load_library.cache_clear()


def test_a_file_that_is_no_library_is_passed_over(tmp_path, monkeypatch):
    (tmp_path / "k.so").write_bytes(b"not a library")
    monkeypatch.setenv("REJECTNLP_KERNEL", str(tmp_path / "k.so"))
    load_library.cache_clear()
    try:
        assert load_library() is None
    finally:
        monkeypatch.undo()
        load_library.cache_clear()
