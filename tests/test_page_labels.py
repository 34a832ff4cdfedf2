"""The labelling page, asked as a browser asks it, and as others might try to."""

import html
import json
import re

import pytest
from starlette.testclient import TestClient

from rejectnlp.codebook import read_codebook
from rejectnlp.dataset import read_rows
from rejectnlp.labelling import choose_label_file, open_desk, read_pile
from rejectnlp.page import make_label_app
from rejectnlp.readings import read_readings

PORT = 8124
OWN = f"http://127.0.0.1:{PORT}"
TOKEN = "t" * 32
BOOK = read_codebook()
STRANGE = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)> {{7*7}} He yawned & was rude."
TEXTS = ["Tea 🙂 first. He yawned and was rude.", "No idea why.", STRANGE]
COLD = {"cause": "cold_interviewer", "start": 13, "end": 36, "ground": "shown"}


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "check.jsonl"
    rows = [json.dumps({"id": f"a{n}", "text": text}) for n, text in enumerate(TEXTS)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def enter(table, labeller="ann", tagger=None, book=BOOK):
    """Open the page of a labeller, as one who has its token."""
    desk = open_desk(read_pile(table), choose_label_file(table, labeller), labeller, book)
    client = TestClient(make_label_app(desk, PORT, TOKEN, tagger), base_url=OWN)
    client.get(f"/?token={TOKEN}")
    client.headers.update({"origin": OWN, "x-rejectnlp-token": TOKEN})
    client.desk = desk
    return client


@pytest.fixture
def ann(table):
    return enter(table)


def give(client, number, labels, go="next", code=200, **more):
    parts = {"number": number, "id": f"a{number}", "labels": labels, "evidence": []}
    response = client.post("/save", json=parts | {"doubt": False, "note": "", "go": go} | more)
    assert response.status_code == code, response.text
    return response.text


def state_of(sheet):
    return json.loads(html.unescape(re.search(r'data-state="([^"]*)"', sheet)[1]))


def number_of(sheet):
    return int(re.search(r'data-number="(\d+)"', sheet)[1])


def test_nobody_gets_in_without_the_token_from_elsewhere_or_by_another_name(table, ann):
    stranger = TestClient(make_label_app(ann.desk, PORT, TOKEN), base_url=OWN)
    save = {"number": 0, "id": "a0", "labels": ["undersold"], "evidence": [], "doubt": False}
    save |= {"note": "", "go": "next"}
    for path in ("/", "/show", "/save"):
        assert stranger.get(path).status_code == 403
        assert ann.get("/", headers={"host": "evil.example"}).status_code == 400
        for headers in (
            {"origin": "http://evil.example"},
            {"origin": OWN, "sec-fetch-site": "cross-site"},
            {"x-rejectnlp-token": ""},
        ):
            assert ann.post(path, json=save, headers=headers).status_code in (403, 405)
    form = {"x-rejectnlp-token": "", "content-type": "application/x-www-form-urlencoded"}
    assert ann.post("/save", content="labels=undersold", headers=form).status_code == 415
    assert ann.desk.readings == {}


def test_every_answer_carries_the_policy_and_nothing_comes_from_outside(ann):
    answers = [ann.get("/"), ann.post("/show", json={"number": 0, "go": "next"})]
    answers += [ann.get("/static/label.js"), ann.get("/static/label.css")]
    for response in answers:
        assert response.status_code == 200
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.headers["cache-control"] == "no-store"
        assert not re.search(r"https?://|//cdn", response.text)
        assert not re.search(r"<style|<script(?! src)| on\w+=(?!alert)| style=", response.text)


def test_each_answer_is_kept_before_the_next_account_is_shown(ann):
    sheet = give(ann, 0, ["cold_interviewer"], evidence=[COLD], doubt=True, note="or tired?")
    assert number_of(sheet) == 1
    assert "1 answered" in sheet
    assert "id a1<" in sheet
    [row] = read_rows([ann.desk.path])
    assert row.text[row.evidence[0].start : row.evidence[0].end] == "He yawned and was rude."
    [(_, reading)] = read_readings(ann.desk.path).values()
    assert (reading.doubt, reading.note) == (True, "or tired?")


def test_it_goes_on_where_it_stopped_and_shows_the_answer_again(table, ann):
    give(ann, 0, ["cold_interviewer"], evidence=[COLD], note="ü 🙂 \"'<b>")
    again = enter(table)
    assert number_of(again.get("/").text) == 1
    back = again.post("/show", json={"number": 1, "go": "previous"}).text
    assert number_of(back) == 0
    assert state_of(back) == {
        "labels": ["cold_interviewer"],
        "evidence": [COLD],
        "doubt": False,
        "note": "ü 🙂 \"'<b>",
    }
    assert "this one too" in back


def test_a_second_labeller_sees_nothing_of_the_first(table, ann):
    give(ann, 0, ["cold_interviewer"], note="seen by ann")
    bob = enter(table, "bob")
    page = bob.get("/").text
    assert number_of(page) == 0
    assert state_of(page)["labels"] == []
    assert "seen by ann" not in page


def test_at_the_end_the_skipped_ones_come_back_and_then_it_is_done(ann):
    sheet = ann.post("/show", json={"number": 0, "go": "next"}).text
    assert number_of(sheet) == 1
    give(ann, 1, ["unexplained"])
    assert number_of(give(ann, 2, ["unexplained"])) == 0
    done = give(ann, 0, ["unexplained"], go="open")
    assert "All 3 accounts are answered" in done
    assert "All 3 accounts are answered" in ann.get("/").text
    assert number_of(ann.post("/show", json={"number": 2, "go": "stay"}).text) == 2


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"labels": []}, "no label"),
        ({"labels": ["skill_gap"]}, "Did you mean"),
        ({"labels": ["unexplained", "undersold"]}, "stands beside another"),
        ({"labels": ["undersold"], "evidence": [COLD]}, "not chosen"),
        ({"evidence": [COLD | {"end": 10**6}]}, "outside the account"),
        ({"evidence": [COLD | {"start": "x"}]}, "missing"),
        ({"evidence": 7}, "missing"),
        ({"labels": None}, "missing"),
        ({"number": 3}, "not there any more"),
        ({"number": True}, "not there any more"),
        ({"number": -1}, "not there any more"),
        ({"id": "a1"}, "not there any more"),
        ({"go": "away"}, "no such way"),
    ],
)
def test_requests_that_make_no_sense_keep_nothing(ann, more, words):
    parts = {"number": 0, "labels": ["cold_interviewer"], "code": 400} | more
    assert words in give(ann, **parts)
    assert ann.desk.readings == {}
    assert not ann.desk.path.exists()


def test_strange_accounts_are_shown_as_text(ann):
    sheet = ann.post("/show", json={"number": 1, "go": "next"}).text
    assert "<script" not in sheet
    assert "<img" not in sheet
    assert "{{7*7}}" in sheet
    pieces = re.findall(r'data-from="\d+">([^<]*)</span>', sheet)
    assert html.unescape("".join(pieces)) == STRANGE


def test_strange_ids_and_causes_are_shown_as_text(tmp_path):
    table = tmp_path / "odd.jsonl"
    row = {"id": '"><script>x</script>', "text": "He yawned."}
    table.write_text(json.dumps(row) + "\n", encoding="utf-8")
    client = enter(table, book=BOOK.from_ids(['"><script>y</script>', "late"]))
    page = client.get("/").text
    assert "<script>" not in page
    parts = {"number": 0, "id": row["id"], "labels": ["late"], "evidence": [], "note": ""}
    assert client.post("/save", json=parts | {"doubt": False, "go": "next"}).status_code == 200


@pytest.mark.slow
def test_a_huge_account_is_shown_whole(tmp_path):
    table = tmp_path / "huge.jsonl"
    text = "It was a long day. " * 20_000
    table.write_text(json.dumps({"id": "a0", "text": text}) + "\n", encoding="utf-8")
    client = enter(table)
    sheet = client.get("/").text
    pieces = re.findall(r'data-from="\d+">([^<]*)</span>', sheet)
    assert "".join(pieces) == text
    last = {"cause": "undersold", "start": len(text) - 5, "end": len(text) - 1, "ground": "said"}
    give(client, 0, ["undersold"], evidence=[last])


def test_a_body_beyond_all_bounds_is_refused(ann):
    assert "more than" in give(ann, 0, ["undersold"], note="x" * 500_000, code=413)


def test_a_file_that_changed_meanwhile_is_not_written_over(ann):
    give(ann, 0, ["undersold"])
    ann.desk.path.write_text("", encoding="utf-8")
    said = give(ann, 1, ["undersold"], code=400)
    assert "changed by another program" in said
    assert ann.desk.path.read_text(encoding="utf-8") == ""


def test_the_tagger_is_silent_unless_asked_and_speaks_after_the_own_answer(table, tiny_tagger):
    quiet = enter(table)
    assert "The tagger says" not in give(quiet, 0, ["undersold"])
    bob = enter(table, "bob", tiny_tagger)
    page = bob.get("/").text
    assert "suggestion" not in page
    told = give(bob, 0, ["undersold"])
    assert number_of(told) == 0
    assert re.search(r"The tagger says.*Cold interviewer", told, re.DOTALL)
    assert number_of(give(bob, 0, ["cold_interviewer"])) == 1
    assert bob.desk.readings["a0"].suggested
    give(bob, 1, ["unexplained"])
    assert not bob.desk.readings["a1"].suggested
    assert "suggested" in bob.desk.path.read_text(encoding="utf-8")
