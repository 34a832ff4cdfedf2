import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejectnlp.accounts import check_texts, is_about_jobs, note_text, split_sentences
from rejectnlp.labels import default_data, read_labelled
from rejectnlp.settings import SETTINGS


def texts(text):
    return [s.text for s in split_sentences(text)]


@given(st.text(max_size=400))
def test_sentences_keep_their_places(text):
    for s in split_sentences(text):
        assert text[s.start : s.end] == s.text


@given(st.text(max_size=400))
def test_sentences_keep_every_letter_in_order(text):
    kept = "".join("".join(s.text.split()) for s in split_sentences(text))
    assert kept == "".join(text.split())


def test_abbreviations_and_initials_do_not_end_a_sentence():
    assert texts("Dr. Low and J. Hill asked me e.g. about vans. Then no.") == [
        "Dr. Low and J. Hill asked me e.g. about vans.",
        "Then no.",
    ]


def test_the_pronoun_ends_a_sentence():
    assert texts("So did I. They left.") == ["So did I.", "They left."]


def test_lines_are_sentences():
    assert texts("went well\nno offer\r\n\r\nwhy") == ["went well", "no offer", "why"]


def test_quotes_stay_with_their_sentence():
    assert texts('He said "no." Then left.') == ['He said "no."', "Then left."]


def test_a_long_stretch_without_full_stops_is_cut_at_its_joints():
    text = "i went in and they asked me about vans and i told them, " * 6
    pieces = texts(text)
    assert len(pieces) > 1
    assert max(len(p.split()) for p in pieces) <= 40


@pytest.mark.parametrize("unit", ["a", ".", "a.", "((", "\n", ", ", "a, and ", "´", "\u0301", " "])
def test_splitting_takes_time_in_line_with_the_length(unit):
    def seconds(n):
        text = unit * (n // len(unit))
        start = time.process_time()
        split_sentences(text)
        return time.process_time() - start

    seconds(1000)
    assert seconds(1_000_000) < 2


def test_a_single_text_is_no_list_of_texts():
    with pytest.raises(ValueError, match="got a single text"):
        check_texts("They said no")
    with pytest.raises(ValueError, match="got NoneType"):
        check_texts([None])


def test_notes_say_what_a_text_is():
    assert note_text("") == note_text(" 12 - ") == "empty"
    assert note_text("No.") == note_text("Not me.") == "too_short"
    assert note_text(" " * 5000 + "They said no.") == ""
    assert (
        note_text("Sie haben sich am Ende leider für jemand anderen entschieden.") == "not_english"
    )
    assert note_text("Они выбрали другого кандидата, и мне ничего не сказали.") == "not_english"
    assert note_text("They chose another. " * 5000) == "truncated"


def test_few_accounts_of_the_dataset_are_taken_for_something_else():
    rows, _ = read_labelled(default_data())
    texts = [r.text for r in rows if r.kind == "account" and len(r.text) >= SETTINGS.shortest_topic]
    assert sum(not is_about_jobs(text) for text in texts) < 0.05 * len(texts)


@pytest.mark.parametrize("text", ["Apples, fireworks and a parole hearing in Yorkshire. " * 4])
def test_parts_of_other_words_do_not_make_a_text_one_about_jobs(text):
    assert not is_about_jobs(text)
