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


def write_reading(path, who, *answers):
    rows = [
        {"id": f"{who}-{text}", "text": text, "labels": labels, "votes": {who: labels}}
        | {"evidence": [{"cause": labels[0], "start": 0, "end": 3, "ground": "said"}]}
        for text, labels in answers
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_rows_that_nobody_answered_are_left_out_and_counted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,text,checked\n1,x,follow_up\n2,y,\n3,z,unexplained\n4,w, \n")
    said = []
    rows, _ = read_labelled([path], report=said.append)
    assert [row.labels for row in rows] == [("follow_up",), ("unexplained",)]
    assert said == ["a.csv: 2 rows without an answer in `checked` left out"]


def test_the_readings_of_one_text_become_one_row_by_majority(tmp_path):
    told = [("One text.", ["undersold"]), ("Two texts.", ["follow_up"])]
    paths = [
        write_reading(tmp_path / "a.jsonl", "ann", *told),
        write_reading(tmp_path / "b.jsonl", "bob", ("One text.", ["skills_gap"]), told[1]),
        write_reading(tmp_path / "c.jsonl", "cleo", ("One text.", ["skills_gap"])),
    ]
    said = []
    rows, _ = read_labelled(paths, report=said.append)
    assert [(row.text, row.labels) for row in rows] == [
        ("One text.", ("skills_gap",)),
        ("Two texts.", ("follow_up",)),
    ]
    assert rows[0].votes.keys() == {"ann", "bob", "cleo"}
    assert [span.cause for span in rows[0].evidence] == ["skills_gap"]
    assert said[0].startswith("3 rows have a text that another row has")
    assert "1 texts are labelled differently: in a.jsonl, b.jsonl, c.jsonl, ids ann-One" in said[1]
    assert "decides nothing in 0, which keep" in said[1]


def test_two_labellers_who_differ_leave_the_first_ones_labels_and_it_is_said(tmp_path):
    paths = [
        write_reading(tmp_path / "a.jsonl", "ann", ("One text.", ["undersold"])),
        write_reading(tmp_path / "b.jsonl", "bob", ("One text.", ["skills_gap"])),
    ]
    said = []
    [row], _ = read_labelled(paths, report=said.append)
    assert row.labels == ("undersold",)
    assert "decides nothing in 1, which keep the first one's" in said[1]


def test_a_reading_never_moves_an_account_out_of_the_test_part(tmp_path):
    own = write_reading(tmp_path / "a.jsonl", "ann", ("One text.", ["undersold"]))
    row = {"id": "acc-1", "text": "One text.", "labels": ["undersold"], "split": "test"}
    row["origin"] = {"type": "page", "pointer": "https://example.org/1"}
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    [merged], _ = read_labelled([own, path])
    assert (merged.id, merged.split) == ("acc-1", "test")
    assert merged.groups


def test_what_one_file_repeats_with_the_same_labels_is_kept(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\nx,follow_up\nx,follow_up\ny,undersold\ny,follow_up\n")
    said = []
    rows, _ = read_labelled([path], report=said.append)
    assert [row.text for row in rows] == ["x", "x", "y"]
    assert "a.csv:3/a.csv:4" in said[-1]


def test_the_bad_lines_of_all_files_are_named_at_once(tmp_path):
    for name in "ab":
        good = json.dumps({"id": "1", "text": "x", "labels": ["undersold"]})
        (tmp_path / f"{name}.jsonl").write_text(f"{good}\nnonsense\n")
    with pytest.raises(DataError, match=r"(?s)2 unreadable lines.*a\.jsonl.*b\.jsonl"):
        read_labelled([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])
