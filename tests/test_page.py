"""The coach's page, asked as a browser asks it, and as others might try to."""

import io
import json
import logging
import zipfile
from email.message import EmailMessage

import pytest
from starlette.testclient import TestClient

from rejectnlp.dataset import check_rows, read_rows
from rejectnlp.page import make_app, views
from rejectnlp.page.server import serve
from rejectnlp.settings import SETTINGS

PORT = 8123
OWN = f"http://127.0.0.1:{PORT}"
TOKEN = "t" * 32
STORY = "The tea was good. He yawned and was rude. Then a mail."
STRANGE = (
    "<script>alert(1)</script> He yawned, <img src=x onerror=alert(2)> and was \"rude\" & 'bored'."
)


@pytest.fixture
def labels(tmp_path):
    return tmp_path / "own.jsonl"


@pytest.fixture
def stranger(tiny_tagger, labels):
    """Somebody on this machine who does not know the token."""
    return TestClient(make_app(tiny_tagger, PORT, TOKEN, labels), base_url=OWN)


@pytest.fixture
def coach(stranger):
    stranger.get(f"/?token={TOKEN}")
    stranger.headers.update({"origin": OWN, "x-rejectnlp-token": TOKEN})
    return stranger


# ------------------------------------------------------------------ who may ask


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1", "127.0.0.1:80", f"evil.example:{PORT}", f"0.0.0.0:{PORT}", ""],
)
def test_other_hosts_are_refused(coach, host):
    response = coach.get("/", headers={"host": host})
    assert response.status_code == 400
    assert "<html" not in response.text


def test_the_page_opens_with_the_token_only_and_takes_it_out_of_the_address(stranger):
    assert stranger.get("/").status_code == 403
    assert stranger.get("/?token=wrong").status_code == 403
    assert stranger.get("/?token=%C3%A9").status_code == 403
    response = stranger.get(f"/?token={TOKEN}", follow_redirects=False)
    assert response.headers["location"] == "/"
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    page = stranger.get("/")
    assert page.status_code == 200
    assert 'for="text"' in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"http://localhost:{PORT}"},
        {"origin": OWN, "sec-fetch-site": "cross-site"},
        {"origin": OWN, "sec-fetch-site": "same-site"},
        {"x-rejectnlp-token": "wrong"},
        {"x-rejectnlp-token": ""},
    ],
)
def test_what_does_not_come_from_the_page_is_refused(coach, headers):
    response = coach.post("/answer", json={"text": STORY}, headers=headers)
    assert response.status_code == 403
    assert "yawned" not in response.text


def test_a_plain_form_works_without_a_script_and_needs_the_token_too(coach):
    form = {"origin": "null", "sec-fetch-site": "same-origin", "x-rejectnlp-token": ""}
    response = coach.post("/", data={"text": STORY, "token": TOKEN}, headers=form)
    assert response.status_code == 200
    assert "Cold interviewer" in response.text
    assert coach.post("/", data={"text": STORY}, headers=form).status_code == 403
    response = coach.post("/pattern", data={"text": STORY, "token": TOKEN}, headers=form)
    assert "What 1 account tells" in response.text
    form["content-type"] = "application/x-www-form-urlencoded"
    many = "&".join(f"f{n}=x" for n in range(50))
    assert coach.post("/", content=many, headers=form).status_code == 400


def test_other_methods_and_pages_are_refused(coach):
    assert coach.request("TRACE", "/").status_code == 405
    assert coach.delete("/answer").status_code == 405
    for path in ("/nothing", "/static/nothing.css", "/static/..%2fapp.py"):
        assert coach.get(path).status_code == 404


def test_every_answer_forbids_scripts_frames_caches_and_outside_loads(coach):
    answers = [
        coach.get("/"),
        coach.get("/static/page.js"),
        coach.post("/answer", json={"text": STORY}),
        coach.get("/nothing"),
        coach.get("/", headers={"host": "evil.example"}),
    ]
    for response in answers:
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["x-content-type-options"] == "nosniff"


def test_the_page_loads_nothing_from_outside(coach):
    sources = [coach.get("/").text, coach.get("/pattern").text]
    sources += [coach.get(f"/static/{name}").text for name in ("page.css", "page.js")]
    for source in sources:
        assert "http://" not in source
        assert "https://" not in source
        assert " style=" not in source
        assert " onclick=" not in source


def test_what_is_too_large_is_refused_with_a_clear_message(coach):
    response = coach.post("/answer", json={"text": "x" * (SETTINGS.largest_paste + 1)})
    assert response.status_code == 413
    assert "more than the 400,000 bytes" in response.text
    response = coach.post("/answer", json={"text": "He yawned.\n---\n" * 60})
    assert response.status_code == 413
    assert "60 stories" in response.text
    headers = {"x-file-name": "a.txt"}
    big = b"x" * (SETTINGS.largest_attachment + 1)
    assert coach.post("/attachment", content=big, headers=headers).status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"text": 5}', b"\xff", b"[" * 100_000, b'{"text": "a", "story": "0"}'],
)
def test_what_is_no_question_is_refused(coach, body):
    headers = {"content-type": "application/json"}
    assert coach.post("/sentence", content=body, headers=headers).status_code == 400


def test_half_a_character_pair_is_no_bug(coach):
    body = b'{"text": "He yawned \\ud83d and was rude."}'
    headers = {"content-type": "application/json"}
    assert coach.post("/answer", content=body, headers=headers).status_code == 200


def test_a_bug_shows_its_place_and_never_the_story(coach, monkeypatch, capsys):
    def fail(tagger, texts):
        raise ValueError(f"cannot read {texts}")

    monkeypatch.setattr(views, "view_answer", fail)
    response = coach.post("/answer", json={"text": STORY})
    assert response.status_code == 500
    assert "Your text is still in its box" in response.text
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert "yawned" not in said


def test_no_story_is_logged_or_printed(coach, capsys, caplog):
    caplog.set_level(logging.DEBUG)
    coach.post("/answer", json={"text": STORY})
    coach.post("/sentence", json={"text": STORY, "story": 0, "sentence": 1})
    coach.post("/sentence", json={"text": STORY, "story": 7, "sentence": 1})
    said = capsys.readouterr()
    assert "yawned" not in caplog.text + said.out + said.err


# ------------------------------------------------------------------ what it says


def ask(coach, text, path="/answer"):
    response = coach.post(path, json={"text": text})
    assert response.status_code == 200, response.text
    return response.text


def test_a_story_comes_back_marked_with_its_causes_and_steps(coach):
    html = ask(coach, STORY)
    assert '<span data-start="18">He yawned and was rude.</span></mark>' in html
    assert "Cold interviewer" in html
    assert "The employer’s move" in html
    assert "Next steps" in html
    assert "To ask the client" in html
    assert 'data-summary="Cold interviewer, ' in html


def test_a_story_without_grounds_says_so_and_gives_questions(coach):
    html = ask(coach, "They went in another direction. No idea why.")
    assert "This story does not say why" in html
    assert "Was there one thing that would have made the difference?" in html
    assert "To ask the client" in html
    assert "<mark" not in html


def test_what_is_not_read_says_why(coach):
    assert "too short to tell why" in ask(coach, "No.")
    html = ask(coach, "Sie haben sich leider für jemand anderen entschieden.")
    assert "does not look like English" in html
    assert "This was not read for causes" in html


def test_a_story_with_html_in_it_shows_as_text(coach):
    for path in ("/answer", "/pattern/answer"):
        html = ask(coach, f"{STRANGE}\n---\n{STRANGE}", path)
        assert "<script" not in html
        assert "<img" not in html
        assert "&lt;img src=x onerror=alert(2)&gt;" in html
    response = coach.post("/sentence", json={"text": STRANGE, "story": 0, "sentence": 0})
    assert "<script" not in response.text
    form = {"text": "</textarea><script>x", "token": TOKEN}
    response = coach.post("/", data=form)
    assert "</textarea><script>" not in response.text


def test_stories_are_parted_by_a_line_of_dashes(coach):
    html = ask(coach, f"{STORY}\n-----\nThey went in another direction. No idea why.\n———\n")
    assert html.count('<section class="story"') == 2
    assert "Story 2 of 2" in html
    assert "Story 1: Cold interviewer" in html


def test_an_empty_text_has_an_empty_answer(coach):
    assert "<section" not in ask(coach, " \n---\n ")


def test_a_sentence_shows_what_it_adds_and_what_would_be_without_it(coach):
    response = coach.post("/sentence", json={"text": STORY, "story": 0, "sentence": 1})
    assert "He yawned and was rude." in response.text
    assert "<strong>Cold interviewer</strong> would not be found any more" in response.text
    response = coach.post("/sentence", json={"text": STORY, "story": 0, "sentence": 0})
    assert "The same causes would be found" in response.text
    response = coach.post("/sentence", json={"text": STORY, "story": 0, "sentence": 9})
    assert response.status_code == 400
    assert "is not there any more" in response.text


def test_a_pattern_names_what_comes_back_and_what_is_in_ones_own_hands(coach):
    gap = "In the test I could not solve a single question."
    html = ask(coach, f"{STORY}\n---\n{gap}\n---\n{gap} He was rude.", "/pattern/answer")
    assert "What 3 accounts tell" in html
    assert "In your own hands" in html
    assert "Your move" in html
    assert "in 2 of 3" in html
    assert "nothing in it is a legal finding" in html
    assert "your fault" not in html


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.3, "possible, please read"), (0.8, "possible, please read"), (0.95, "sure")],
)
def test_discrimination_is_what_the_account_reports(probability, words, tiny_tagger):
    assert views.word_cause("discrimination", probability) == words
    name = views.name_cause(tiny_tagger.codebook, "discrimination")
    assert name == "The account reports discrimination"


def test_despair_is_met_with_a_kind_note_before_anything_else(coach):
    for path in ("/answer", "/pattern/answer"):
        html = ask(coach, f"{STORY}\n---\nHe was rude. Since then I want to die.", path)
        assert html.index("Before anything else") < html.index("<h2")
        assert html.count('class="care"') == 1
        assert "findahelpline.com" in html
        assert "href" not in html
        assert 'class="care"' not in ask(coach, "I was dying to work there, he yawned.", path)


# ------------------------------------------------------------------ files


def docx(xml):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", xml)
    return buffer.getvalue()


def pdf(words):
    """Write a PDF of one line by hand."""
    content = f"BT /F1 12 Tf 72 700 Td ({words}) Tj ET"
    parts = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = "%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    out += f"xref\n0 6\n0000000000 65535 f \n{table}trailer\n<< /Size 6 /Root 1 0 R >>\n"
    start = out.index("xref\n0 6")
    return f"{out}startxref\n{start}\n%%EOF\n".encode()


def mail(kind):
    message = EmailMessage()
    message["Subject"] = "Your application"
    message.set_content("<p>He <b>yawned</b>.</p>" if kind == "html" else "He yawned.", kind)
    return message.as_bytes()


W = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
PARAGRAPHS = (
    f"{W}<w:p><w:r><w:t>He yawned.</w:t></w:r></w:p><w:p><w:t>Bye.</w:t></w:p></w:document>"
)


def send(coach, name, data):
    return coach.post("/attachment", content=data, headers={"x-file-name": name})


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.txt", "He didn’t call.".encode("cp1252"), "He didn’t call."),
        ("A.DOCX", docx(PARAGRAPHS), "He yawned.\nBye."),
        ("caf%C3%A9.eml", mail("plain"), "He yawned."),
        ("a.eml", mail("html"), "He yawned."),
        ("a.pdf", pdf("He yawned."), "He yawned."),
    ],
)
def test_files_are_read(coach, name, data, text):
    response = send(coach, name, data)
    assert response.status_code == 200, response.text
    assert response.text == text


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.exe", b"MZ", "this kind of file cannot be read. Known are .txt"),
        ("", b"x", "this kind of file cannot be read"),
        ("a.txt", b" ", "there is no text in this file"),
        ("a.docx", b"no zip", "not a Word document"),
        ("a.docx", docx("<w:p>"), "is damaged"),
        ("a.docx", docx(PARAGRAPHS)[:-40], "not a Word document"),
        ("a.docx", docx("x" * 11_000_000), "unpacks to far more than a story"),
        ("a.docx", docx(f'<!DOCTYPE x [<!ENTITY a "b">]>{W}&a;</w:document>'), "declares entities"),
        ("a.docx", docx(PARAGRAPHS.replace("Bye.", "x" * 500_000)), "longer than 400,000 bytes"),
        ("a.pdf", b"%PDF-1.4 nothing", "this PDF cannot be read"),
        ("a.eml", b"Subject: nothing\n\n", "there is no text in this file"),
    ],
)
def test_files_that_are_no_stories_are_explained(coach, name, data, message):
    response = send(coach, name, data)
    assert response.status_code == 400
    assert message in response.text


# ------------------------------------------------------------------ corrections


def correction(**other):
    spans = [{"cause": "cold_interviewer", "start": 18, "end": 41, "ground": "shown"}]
    return {"text": STORY, "story": 0, "labels": ["cold_interviewer"], "evidence": spans} | other


def test_a_correction_is_kept_in_the_format_of_the_dataset_and_read_back(coach, labels):
    assert not labels.exists()
    response = coach.post("/keep", json=correction())
    assert response.status_code == 200, response.text
    assert str(labels) in response.text
    assert "rejectnlp train" in response.text
    [row] = read_rows([labels])
    assert check_rows([row]) == []
    assert (row.kind, row.split, row.text) == ("account", "train", STORY)
    assert row.labels == ("cold_interviewer",)
    assert row.text[row.evidence[0].start : row.evidence[0].end] == "He yawned and was rude."
    assert row.votes == {"coach": ("cold_interviewer",)}


def test_a_second_correction_of_a_story_takes_the_place_of_the_first(coach, labels):
    coach.post("/keep", json=correction())
    coach.post("/keep", json=correction(labels=["unexplained"], evidence=[]))
    [row] = read_rows([labels])
    assert row.labels == ("unexplained",)
    coach.post("/keep", json=correction(text="Silence.", labels=["unexplained"], evidence=[]))
    assert [r.text for r in read_rows([labels])] == [STORY, "Silence."]
    assert [path.name for path in labels.parent.iterdir()] == ["own.jsonl"]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"evidence": []}, "no words are marked for cold_interviewer"),
        ({"labels": ["nonsense"], "evidence": []}, "'nonsense' is not in the codebook"),
        ({"labels": []}, "no label"),
        ({"labels": ["cold_interviewer", "unexplained"]}, "beside another cause"),
        ({"evidence": [{"cause": "cold_interviewer"}]}, "is missing"),
        ({"evidence": 5}, "is missing"),
        ({"story": 3}, "is not there any more"),
    ],
)
def test_a_correction_that_is_none_is_not_kept(coach, labels, other, message):
    response = coach.post("/keep", json=correction(**other))
    assert response.status_code == 400
    assert message in response.text
    assert "yawned" not in response.text
    assert not labels.exists()


def test_nothing_is_kept_unless_the_page_was_started_with_a_file(tiny_tagger):
    coach = TestClient(make_app(tiny_tagger, PORT, TOKEN), base_url=OWN)
    coach.get(f"/?token={TOKEN}")
    coach.headers.update({"origin": OWN, "x-rejectnlp-token": TOKEN})
    assert "rejectnlp page --labels own.jsonl" in ask(coach, STORY)
    assert coach.post("/keep", json=correction()).status_code == 400


def test_the_page_says_how_its_model_differs_from_the_one_that_ships(tiny_tagger):
    shipped = {"data": {"n_accounts": 1000}, "out_of_fold": {"macro_f1": 0.25}}
    coach = TestClient(make_app(tiny_tagger, PORT, TOKEN, None, shipped), base_url=OWN)
    page = coach.get(f"/?token={TOKEN}").text
    assert "learned from 32 accounts; the one that ships, from 1,000." in page
    assert "there, 0.250" in page


def test_a_file_that_cannot_hold_corrections_is_refused_at_the_start(tiny_tagger, tmp_path):
    wrong = tmp_path / "a.jsonl"
    wrong.write_text(json.dumps({"id": "x"}) + "\n")
    for path, message in (
        (tmp_path / "none" / "a.jsonl", "its folder does not exist"),
        (tmp_path / "a.csv", "JSON Lines"),
        (wrong, "unreadable lines"),
    ):
        with pytest.raises(Exception, match=message):
            serve(tiny_tagger, open_browser=False, labels=path)
