import json
import re
from xml.etree import ElementTree

import pytest

from rejectnlp.accounts import Account
from rejectnlp.codebook import read_codebook
from rejectnlp.dataset import Span
from rejectnlp.errors import DataError, UsageError
from rejectnlp.labelstudio import describe_labelling, make_task, read_tasks
from rejectnlp.readings import make_reading

BOOK = read_codebook()
TEXT = "Tea 🙂 first. He <b>yawned</b> & was rude.\nThen a mail."


def reading(**more):
    words = TEXT.index("yawned")
    spans = [Span("cold_interviewer", words, words + 6, "said"), Span("undersold", 0, 5, "shown")]
    return make_reading(Account("a1", TEXT), ["cold_interviewer", "undersold"], spans, BOOK, **more)


def write(tmp_path, tasks):
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def exported(text=TEXT, results=(), **more):
    """Make a task as Label Studio exports it, with what we do not read along."""
    annotation = {"id": 7, "completed_by": 3, "was_cancelled": False, "result": list(results)}
    data = {"id": "a1", "text": text}
    return {"id": 12, "project": 1, "data": data, "annotations": [annotation | more]}


def choice(*labels):
    value = {"choices": list(labels)}
    return {"id": "x", "from_name": "labels", "to_name": "text", "type": "choices", "value": value}


def mark(cause, start, end, words=None):
    value = {"start": start, "end": end, "labels": [cause]} | ({"text": words} if words else {})
    return {"id": "m", "from_name": "evidence", "to_name": "text", "type": "labels", "value": value}


def test_out_and_in_again_is_equal(tmp_path):
    own = reading(doubt=True, note="or tired?")
    task = make_task(Account("a1", TEXT), [own])
    found, n_skipped = read_tasks(write(tmp_path, [task]), BOOK)
    assert found == {"labelstudio": {"a1": own}}
    assert n_skipped == 0


def test_a_task_is_as_label_studio_describes_it():
    [annotation] = make_task(Account("a1", TEXT), [reading()])["annotations"]
    names = {(r["from_name"], r["type"]) for r in annotation["result"]}
    assert names == {("labels", "choices"), ("evidence", "labels"), ("ground", "choices")}
    spans = [r for r in annotation["result"] if r["from_name"] == "evidence"]
    words = {TEXT[r["value"]["start"] : r["value"]["end"]]: r["value"]["text"] for r in spans}
    assert words == {"yawned": "yawned", "Tea 🙂": "Tea 🙂"}
    grounds = {r["id"] for r in annotation["result"] if r["from_name"] == "ground"}
    assert grounds == {r["id"] for r in spans}  # a region's own choice has the region's id
    assert len(grounds) == 2


def test_the_configuration_names_what_the_tasks_use():
    root = ElementTree.fromstring(describe_labelling(BOOK))
    names = {tag.get("name"): tag for tag in root if tag.get("name")}
    assert set(names) == {"text", "evidence", "ground", "labels", "doubt", "note"}
    assert [tag.get("value") for tag in names["evidence"]] == list(BOOK.ids)
    assert [tag.get("value") for tag in names["labels"]] == [*BOOK.ids, "unexplained"]
    assert {tag.get("toName") for tag in root if tag.get("toName")} == {"text"}
    assert names["text"].get("value") == "$text"


def test_labellers_are_told_apart_and_skipped_tasks_counted(tmp_path):
    task = exported(results=[choice("undersold")])
    task["annotations"] += [
        {"completed_by": {"id": 4, "email": "bo.b@example.org"}, "result": [choice("follow_up")]},
        {"completed_by": 3, "was_cancelled": True, "result": []},
    ]
    found, n_skipped = read_tasks(write(tmp_path, [task]), BOOK)
    assert {who: own["a1"].labels for who, own in found.items()} == {
        "3": ("undersold",),
        "bo.b": ("follow_up",),
    }
    assert n_skipped == 1


def test_places_counted_as_javascript_counts_are_found(tmp_path):
    start = TEXT.index("yawned")
    for at in (start, start + 1):  # as Python counts the emoji, and as JavaScript does
        task = exported(results=[mark("cold_interviewer", at, at + 6, "yawned")])
        [own] = read_tasks(write(tmp_path, [task]), BOOK)[0]["3"].values()
        assert own.labels == ("cold_interviewer",)
        assert [TEXT[s.start : s.end] for s in own.evidence] == ["yawned"]


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([exported(results=[choice("skill_gap")])], "task 1: cause 'skill_gap' is not in the"),
        ([exported(results=[])], "task 1: no label"),
        ([exported(results=[mark("undersold", 3, 9, "nowhere")])], "do not stand at the place"),
        ([exported(results=[mark("undersold", 3, 999)])], "outside the account"),
        ([exported(results=[{"from_name": "labels"}])], "task 1: cannot be read"),
        ([{"text": "x"}], "task 1: lacks `data`"),
        ([7], "task 1: lacks `data`"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place_and_no_story(tmp_path, tasks, message):
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read_tasks(write(tmp_path, tasks), BOOK)
    assert "yawned" not in str(caught.value)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UsageError, match="not a list of tasks"):
        read_tasks(write(tmp_path, {"data": {}}), BOOK)
    path = tmp_path / "a.json"
    path.write_text("[" * 100_000)
    with pytest.raises(DataError, match="is not JSON"):
        read_tasks(path, BOOK)
