"""The labelling page in a real browser: by keyboard alone, by mouse, on a narrow screen, killed.

Needs what `test_page_browser.py` needs; what is missing is skipped, and said.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
import uvicorn
from test_page_browser import AXE, CHROMIUM, CONTRASTS, sync_api, wait

from rejectnlp.codebook import read_codebook
from rejectnlp.dataset import read_rows
from rejectnlp.labelling import choose_label_file, open_desk, read_pile
from rejectnlp.page import make_label_app
from rejectnlp.readings import read_readings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium here: apt install chromium"),
    pytest.mark.xdist_group("browser"),
]
TEXTS = [
    "The tea 🙂 was good. He yawned and was rude. Then a mail.",
    "They went in another direction. No idea why.",
    "I lacked that licence. <b>Also</b> I was late & nervous.",
]


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        with playwright.chromium.launch(executable_path=CHROMIUM, args=arguments) as browser:
            yield browser


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "check.csv"
    lines = [f"a{n},{text}" for n, text in enumerate(TEXTS)]
    path.write_text("\n".join(["id,text", *lines, ""]), encoding="utf-8")
    return path


def start(table, *options):
    call = [sys.executable, "-c", "from rejectnlp.cli import main; main()"]
    process = subprocess.Popen(
        [*call, "label", str(table), "--no-open", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.address = process.stdout.readline().strip()
    return process


@contextmanager
def serving(table):
    """Serve the page from a thread of this process: quicker than the command."""
    desk = open_desk(read_pile(table), choose_label_file(table), "reader", read_codebook())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        config = uvicorn.Config(
            make_label_app(desk, port, "t" * 32), log_config=None, lifespan="off", ws="none"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}/?token={'t' * 32}"
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture
def page(browser, table):
    """Open the page at the first account; what its console says fails the test."""
    with serving(table) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        yield page
        context.close()
    assert said == []
    assert all(url.startswith(address.split("?")[0]) for url in asked)
    assert not any("yawned" in url for url in asked)


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def at(page, number):
    """Wait until an account is on show."""
    wait(page, f"document.querySelector('#sheet > *').dataset.number === '{number}' && !busy")


def marked(reading):
    return {(s.cause, reading.text[s.start : s.end], s.ground) for s in reading.evidence}


def test_three_accounts_are_labelled_by_keyboard_alone(page, table):
    assert "token" not in page.url
    press(page, "ArrowDown", "ArrowDown", "6", "g", "x", "n")
    page.keyboard.type("or 5?")
    press(page, "Enter")  # in the note: keeps, and goes on
    at(page, 1)
    press(page, "0", "Enter")
    at(page, 2)
    press(page, "ArrowDown", "1", "ArrowDown", "7", "Escape", "9", "Enter")
    page.wait_for_selector(".all-done")
    readings = {i: reading for i, (_, reading) in read_readings(choose_label_file(table)).items()}
    first, second, third = (readings[f"a{n}"] for n in range(3))
    assert marked(first) == {("cold_interviewer", "He yawned and was rude.", "claimed")}
    assert (first.doubt, first.note) == (True, "or 5?")
    assert second.labels == ("unexplained",)
    assert third.labels == ("skills_gap", "interview_mistake", "undersold")
    assert marked(third) == {
        ("skills_gap", "I lacked that licence.", "shown"),
        ("interview_mistake", "<b>Also</b> I was late & nervous.", "shown"),
    }
    assert page.locator(".all-done").inner_text().startswith("All 3 accounts are answered")
    press(page, "Backspace")
    at(page, 2)
    assert page.locator("mark").count() == 2


def test_keys_pressed_faster_than_the_page_answers_are_not_lost(page, table):
    page.evaluate("""() => {
      const ask = fetch;
      window.fetch = (...all) => new Promise((done) => setTimeout(() => done(ask(...all)), 150));
    }""")
    press(page, "6", "Enter", "1", "Enter", "0", "Enter")
    page.wait_for_selector(".all-done")
    labels = [row.labels for row in read_rows([choose_label_file(table)])]
    assert labels == [("cold_interviewer",), ("skills_gap",), ("unexplained",)]


def test_back_shows_the_answer_and_a_change_replaces_it(page, table):
    press(page, "ArrowDown", "6", "Enter")
    at(page, 1)
    press(page, "Backspace")
    at(page, 0)
    pressed = page.locator('.cause[aria-pressed="true"]')
    assert pressed.inner_text().split() == ["6", "Cold", "interviewer"]
    assert page.locator("mark").inner_text() == "The tea 🙂 was good."
    press(page, "6", "7", "Backspace")  # leaving keeps what was changed
    at(page, 0)
    wait(page, "document.querySelector('[data-answered]') && !isChanged()")
    [row] = read_rows([choose_label_file(table)])
    assert row.labels == ("interview_mistake",)
    assert row.evidence == ()


def test_a_key_again_takes_back_and_0_gives_back_what_it_took(page):
    press(page, "ArrowDown", "6", "6")
    assert page.evaluate("state") == {"labels": [], "evidence": [], "doubt": False, "note": ""}
    press(page, "6", "0")
    assert page.evaluate("state.labels") == ["unexplained"]
    assert page.locator("mark").count() == 0
    press(page, "0")
    assert page.evaluate("state.labels") == ["cold_interviewer"]
    assert page.locator("mark").count() == 1
    press(page, "0", "1")
    assert page.evaluate("state.labels") == ["skills_gap"]


def test_enter_without_an_answer_says_so_and_stays(page, table):
    press(page, "Enter")
    assert "0 where the account gives no grounds" in page.locator("#trouble").inner_text()
    press(page, "s")
    at(page, 1)
    press(page, "o")
    at(page, 2)
    assert not choose_label_file(table).exists()


SELECT = """([from, to]) => {
  const words = document.querySelectorAll("[data-start]")[2].firstChild;
  const range = document.createRange();
  range.setStart(words, from);
  range.setEnd(words, to);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""


def test_selected_words_are_marked_by_key_and_by_click(page, table):
    page.evaluate(SELECT, [2, 10])  # " yawned " with the spaces around
    press(page, "6")
    assert page.locator("mark").inner_text() == "yawned"
    page.locator(".text").click(position={"x": 5, "y": 12})
    assert page.locator(".sentence.here").inner_text() == "The tea 🙂 was good."
    page.locator('[data-cause="undersold"]').click()
    page.locator('[data-do="keep"]').click()
    at(page, 1)
    [row] = read_rows([choose_label_file(table)])
    words = {(s.cause, row.text[s.start : s.end]) for s in row.evidence}
    assert words == {("cold_interviewer", "yawned"), ("undersold", "The tea 🙂 was good.")}


def test_a_mark_is_removed_and_its_ground_chosen_with_the_mouse(page):
    press(page, "ArrowDown", "6", "ArrowDown", "6", "1")
    assert page.locator(".marks li").count() == 3
    page.locator(".marks select").first.select_option("said")
    page.locator('[data-do="unmark"]').nth(2).click()
    assert page.evaluate("state.evidence.map((m) => [m.cause, m.ground])") == [
        ["cold_interviewer", "said"],
        ["skills_gap", "shown"],
    ]
    assert page.evaluate("state.labels") == ["skills_gap", "cold_interviewer"]


def test_the_rules_are_one_key_away_and_keys_find_a_cause_there(page):
    press(page, "6", "?")
    assert page.locator("#help").evaluate("help => help.open")
    rule = page.locator(".found-rule")
    assert "bored, hostile, rude" in rule.inner_text()
    assert "Does not count" in rule.inner_text()
    press(page, "d")
    assert "Terms mismatch" in page.locator(".found-rule").inner_text()
    press(page, "Escape")
    assert not page.locator("#help").evaluate("help => help.open")
    assert page.evaluate("state.labels") == ["cold_interviewer"]


def test_killed_between_two_answers_it_loses_nothing_and_says_what_is_not_kept(browser, table):
    process = start(table)
    with browser.new_context() as context:
        page = context.new_page()  # its console may speak of the refusal
        page.goto(process.address)
        press(page, "6", "Enter")
        at(page, 1)
        process.kill()
        process.communicate()
        press(page, "7", "Enter")
        wait(page, "!document.getElementById('trouble').hidden")
        assert "is not kept yet" in page.locator("#trouble").inner_text()
        assert page.evaluate("state.labels") == ["interview_mistake"]
    [row] = read_rows([choose_label_file(table)])
    assert row.labels == ("cold_interviewer",)
    again = start(table)
    with browser.new_context() as context:
        other = context.new_page()
        other.goto(again.address)
        assert other.locator("h2").first.inner_text() == "Account 2 of 3"
    again.send_signal(signal.SIGINT)
    _, err = again.communicate(timeout=10)
    assert again.returncode == 0
    assert "1 of 3 accounts answered" in err
    assert "yawned" not in err


def test_a_narrow_screen_scrolls_down_only(page):
    page.set_viewport_size({"width": 390, "height": 844})
    press(page, "ArrowDown", "6", "d", "ArrowDown", "5")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    press(page, "?")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#help").bounding_box()["width"] <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_and_axe_finds_nothing(page, scheme):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    press(page, "ArrowDown", "6", "ArrowDown", "1", "d")
    assert page.evaluate(CONTRASTS) == []
    checked = [False]
    if AXE.exists():
        page.evaluate(AXE.read_text(encoding="utf-8"))
        checked.append(True)
    for is_open in checked:
        if is_open:
            press(page, "?")
        assert page.evaluate(CONTRASTS) == []
        if AXE.exists():
            found = page.evaluate("axe.run()")["violations"]
            assert [f"{v['impact']} {v['id']}: {v['nodes'][0]['html'][:200]}" for v in found] == []
