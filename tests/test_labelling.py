import json
import os

import pytest

from rejectnlp.accounts import Account
from rejectnlp.codebook import read_codebook
from rejectnlp.dataset import Span, check_rows, read_rows
from rejectnlp.errors import DataError, OutputError, UsageError
from rejectnlp.labelling import KEYS, Desk, check_labeller, choose_label_file, open_desk, read_pile
from rejectnlp.readings import make_reading, read_readings

BOOK = read_codebook()
TEXTS = ["He yawned and was rude.", "No idea why. 🙂 Then a mail.", "I lack that licence."]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "check.csv"
    lines = [f"a{n},{text},10" for n, text in enumerate(TEXTS)]
    path.write_text("\n".join(["id,text,weight", *lines, ""]), encoding="utf-8")
    return path


def start(table, labeller="ann", path=None):
    return open_desk(read_pile(table), path or choose_label_file(table, labeller), labeller, BOOK)


def answer(desk, at, labels, spans=(), **more):
    desk.keep(make_reading(desk.pile.accounts[at], labels, spans, BOOK, **more))


def test_each_answer_is_in_the_file_at_once_as_a_row_that_training_reads(table):
    desk = start(table)
    span = Span("cold_interviewer", 0, 9, "shown")
    answer(desk, 0, ["cold_interviewer"], [span], doubt=True, note="or  tired?\n")
    [row] = read_rows([desk.path])
    assert (row.id, row.text, row.labels, row.evidence) == (
        *("a0", TEXTS[0], ("cold_interviewer",)),
        (span,),
    )
    assert row.votes == {"ann": ("cold_interviewer",)}
    assert check_rows([row], BOOK) == []
    [(who, reading)] = read_readings(desk.path).values()
    assert (who, reading.doubt, reading.note) == ("ann", True, "or tired?")


def test_labelling_goes_on_where_it_stopped_and_an_answer_can_be_changed(table):
    desk = start(table)
    answer(desk, 0, ["undersold"])
    again = start(table)
    assert (again.n_answered, again.find_open()) == (1, 1)
    answer(again, 0, ["follow_up"])
    answer(again, 2, ["unexplained"])
    assert (start(table).find_open(), start(table).find_open(after=1)) == (1, 1)
    assert [row.labels for row in read_rows([desk.path])] == [("follow_up",), ("unexplained",)]


def test_labels_stand_in_the_codebooks_order_each_once(table):
    reading = make_reading(Account("1", "x"), ["undersold", "skills_gap", "undersold"], [], BOOK)
    assert reading.labels == ("skills_gap", "undersold")


@pytest.mark.parametrize(
    ("labels", "spans", "message"),
    [
        ([], [], "no label"),
        (["skill_gap"], [], "Did you mean 'skills_gap'"),
        (["unexplained", "undersold"], [], "stands beside another"),
        (["undersold"], [Span("skills_gap", 0, 1, "said")], "not chosen"),
        (["undersold"], [Span("undersold", 0, 99, "said")], "outside the account"),
        (["undersold"], [Span("undersold", 2, 2, "said")], "outside the account"),
        (["undersold"], [Span("undersold", 0, 1, "felt")], "not chosen"),
    ],
)
def test_answers_that_make_no_sense_are_refused(labels, spans, message):
    with pytest.raises(DataError, match=message) as caught:
        make_reading(Account("1", "Yawning was all."), labels, spans, BOOK)
    assert "Yawning" not in str(caught.value)


def test_a_second_labeller_is_blind_to_the_first(table):
    first = start(table, "ann")
    answer(first, 0, ["undersold"])
    second = start(table, "bob")
    assert second.path != first.path
    assert second.readings == {}
    with pytest.raises(UsageError, match=r"holds the answers of 'ann'.*--labeller ann"):
        start(table, "bob", first.path)


def test_two_programs_never_write_over_each_other(table):
    one, other = start(table), start(table)
    answer(one, 0, ["undersold"])
    with pytest.raises(OutputError, match=r"changed by another program.*goes on from"):
        answer(other, 1, ["follow_up"])
    assert other.readings == {}
    assert [row.id for row in read_rows([one.path])] == ["a0"]


def test_answers_to_other_texts_are_refused(table):
    answer(start(table), 0, ["undersold"])
    table.write_text("id,text\na0,Something else.\n", encoding="utf-8")
    with pytest.raises(DataError, match="1 answers belong to other texts"):
        start(table)


def test_answers_to_accounts_that_are_gone_stay_in_the_file(table):
    answer(start(table), 0, ["undersold"])
    table.write_text(f"id,text\na2,{TEXTS[2]}\n", encoding="utf-8")
    desk = start(table)
    assert desk.n_answered == 0
    answer(desk, 0, ["skills_gap"])
    assert [row.id for row in read_rows([desk.path])] == ["a0", "a2"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_that_may_not_be_written_is_said(table):
    desk = start(table)
    table.parent.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="may not be written"):
            answer(desk, 0, ["undersold"])
    finally:
        table.parent.chmod(0o700)


def test_a_full_disk_loses_no_earlier_answer(table, monkeypatch):
    desk = start(table)
    answer(desk, 0, ["undersold"])

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="No space left"):
            answer(desk, 1, ["follow_up"])
    assert [row.id for row in read_rows([desk.path])] == ["a0"]
    answer(desk, 1, ["follow_up"])
    assert [row.id for row in read_rows([desk.path])] == ["a0", "a1"]


def test_what_is_left_out_of_the_pile_is_counted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,text,checked\n1,One.,\n2, ,\n3,Three.,undersold\n4,Four.,,,\n")
    pile = read_pile(path)
    assert [account.id for account in pile.accounts] == ["1", "3"]
    assert (pile.n_bad, pile.n_empty, pile.n_answered) == (1, 1, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,text\n1,a\n1,b\n", "1 ids come twice"),
        ("id,text\n1, \n", "no account to label"),
        ("id,tekst\n1,a\n", "which column holds the text"),
    ],
)
def test_tables_that_cannot_be_labelled_are_refused(tmp_path, text, message):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((DataError, UsageError), match=message):
        read_pile(path)


def test_a_pipe_cannot_be_gone_on_with(table):
    with pytest.raises(UsageError, match="needs a file"):
        read_pile("-")


@pytest.mark.slow
def test_every_format_of_table_can_be_labelled(tmp_path, table):
    from rejectnlp.files import open_table, open_writer

    with open_table(table) as opened:
        rows = [row.values for row in opened]
    for suffix in ("jsonl", "parquet", "xlsx", "tsv"):
        path = tmp_path / f"other.{suffix}"
        with open_writer(path, None, columns=list(rows[0])) as writer:
            for row in rows:
                writer.write(row)
        assert read_pile(path).accounts == read_pile(table).accounts


def test_label_files_are_json_lines_in_a_folder_that_exists(table, tmp_path):
    with pytest.raises(UsageError, match="JSON Lines"):
        start(table, path=tmp_path / "a.csv")
    with pytest.raises(OutputError, match="folder does not exist"):
        start(table, path=tmp_path / "none" / "a.jsonl")
    with pytest.raises(UsageError, match="letters, digits"):
        check_labeller("../ann")


def test_an_answer_that_is_not_in_the_codebook_is_found_when_going_on(table):
    path = choose_label_file(table, "ann")
    row = {"id": "a0", "text": TEXTS[0], "labels": ["skill_gap"], "votes": {"ann": ["skill_gap"]}}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"id a0: cause 'skill_gap' is not in the codebook"):
        start(table)


def test_no_key_of_a_cause_is_also_a_command(table):
    assert not set(KEYS) & set("0nsouxgq")
    keys = start(table).keys
    assert (keys["skills_gap"], keys["terms_mismatch"], keys["unexplained"]) == ("1", "d", "0")
    many = BOOK.from_ids(f"cause_{n:02}" for n in range(40))
    assert Desk(read_pile(table), table, "ann", many).keys["cause_39"] == ""
