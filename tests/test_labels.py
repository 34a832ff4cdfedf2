import json

import pytest

from rejectnlp.errors import DataError, UsageError
from rejectnlp.labels import default_data, read_labelled


def test_the_datasets_own_format_is_recognised(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"id": "a", "text": "No.", "labels": ["unexplained"]}) + "\n")
    rows, book = read_labelled([path])
    assert rows[0].labels == ("unexplained",)
    assert book.version == "1.1"


def test_several_labels_of_a_cell_are_split(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("story,causes\nx,skills_gap; follow_up\ny,\n")
    rows, _ = read_labelled([path])
    assert [row.labels for row in rows] == [("skills_gap", "follow_up"), ("unexplained",)]
    assert [row.id for row in rows] == ["a.csv:1", "a.csv:2"]


def test_own_causes_stand_in_alphabetical_order_whatever_the_rows(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\nx,zeal\ny,apples\n")
    said = []
    _, book = read_labelled([path], report=said.append)
    assert book.ids == ("apples", "zeal")
    assert any("2 causes of your own" in line for line in said)


def test_columns_can_be_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("notes,why\nx,follow_up\n")
    rows, _ = read_labelled([path], "notes", "why")
    assert (rows[0].text, rows[0].labels) == ("x", ("follow_up",))
    with pytest.raises(UsageError, match="which column holds the causes"):
        read_labelled([path], "notes")


def test_half_a_file_is_not_trained_on(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\nx,follow_up\ny,follow_up,too many\n")
    with pytest.raises(DataError, match=r"1 rows cannot be read"):
        read_labelled([path])


def test_the_projects_dataset_is_the_default():
    names = [path.name for path in default_data()]
    assert names == ["accounts.jsonl", "passages.jsonl", "sentences.jsonl"]
