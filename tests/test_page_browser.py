"""The coach's page in a real browser: as it is typed into, walked through by keyboard, printed.

Needs Chromium (`apt install chromium`); the scan by axe-core needs `npm install axe-core` in
the checkout. What is missing is skipped, and said.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import pytest

from rejectnlp.dataset import read_rows
from rejectnlp.storage import save_model

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
AXE = Path(__file__).parent.parent / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium here: apt install chromium"),
    pytest.mark.xdist_group("browser"),
]
STORY = "The tea was good 🙂. He yawned and was rude. Then a mail."
NO_CAUSE = "They went in another direction. No idea why."


@pytest.fixture(scope="module")
def served(tiny_model, tmp_path_factory):
    """Start the command as a coach does; stop it as a coach does."""
    folder = tmp_path_factory.mktemp("page")
    save_model(tiny_model, folder / "tiny", "# card\n")
    labels = folder / "own.jsonl"
    door = "from rejectnlp.cli import main; main()"
    call = [sys.executable, "-c", door, "page", "--no-open", "--model", str(folder / "tiny")]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*call, "--labels", str(labels)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    address = process.stdout.readline().strip()
    yield {"address": address, "labels": labels, "seconds": time.perf_counter() - start}
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert out == ""
    assert err == "The page is closed.\n"


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, which is who tests run as in containers.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        with playwright.chromium.launch(executable_path=CHROMIUM, args=arguments) as browser:
            yield browser


@pytest.fixture
def page(browser, served):
    """Open the page; whatever its console says, or it asks of others, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served["address"])
    yield page
    context.close()
    home = served["address"].split("?")[0]
    assert said == []
    assert all(url.startswith(home) for url in asked)
    assert not any(word in url for url, word in product(asked, ("yawned", "mail", "tea")))


def wait(page, condition, argument=None):
    """Wait until a condition holds: Playwright's own way needs `eval`, which the page forbids."""
    for _ in range(250):
        if page.evaluate(condition, argument):
            return
        page.wait_for_timeout(20)
    raise AssertionError(condition)


def tell(page, text):
    page.locator("#text").fill(text)
    wait(page, "text => answered === text && document.querySelector('.story')", text)


def test_the_page_is_ready_soon_and_its_address_keeps_no_token(page, served):
    assert served["seconds"] < 3  # 1.5 s on a machine at rest
    assert "token" not in page.url


def test_typing_marks_the_words_and_names_the_cause_and_leaves_the_cursor(page):
    box = page.locator("#text")
    box.click()
    page.keyboard.type("The tea was good. ")
    page.keyboard.type("He yawned and was rude.")
    page.wait_for_selector("mark")
    assert page.locator("mark").inner_text() == "He yawned and was rude."
    assert page.locator(".card h3").inner_text() == "A Cold interviewer"
    assert page.locator(".letters").inner_text() == "A"
    line = page.evaluate("getComputedStyle(document.querySelector('mark')).textDecorationLine")
    assert line == "underline"
    wait(page, "document.getElementById('status').textContent.includes('Cold')")
    box.press("ArrowLeft")
    page.keyboard.type(" indeed")
    wait(page, "document.querySelector('mark')?.innerText.endsWith('rude indeed.')")
    assert box.evaluate("box => box.selectionStart") == len(
        "The tea was good. He yawned and was rude indeed"
    )
    assert page.evaluate("document.activeElement.id") == "text"


def test_a_stale_answer_never_replaces_a_newer_one(page):
    def delay(route):
        if "slow" in route.request.post_data:
            time.sleep(0.2)
        route.continue_()

    page.route("**/answer", delay)
    page.locator("#text").fill("He was slow and rude and yawned.")
    page.wait_for_timeout(350)
    tell(page, NO_CAUSE)
    page.wait_for_timeout(400)
    assert "does not say why" in page.locator(".found").inner_text()
    assert page.locator(".text").inner_text() == NO_CAUSE


def test_the_keyboard_leads_from_the_story_to_what_a_sentence_adds_and_back(page):
    tell(page, STORY)
    page.keyboard.press("Tab")  # choose a file
    page.keyboard.press("Tab")  # clear
    page.keyboard.press("Tab")  # first sentence
    assert page.evaluate("document.activeElement.dataset.number") == "0"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector(".sentence-panel")
    panel = page.locator(".sentence-panel")
    assert "Cold interviewer would not be found any more" in panel.inner_text()
    assert page.locator(".sentence[aria-pressed=true]").get_attribute("data-number") == "1"
    assert page.evaluate("document.activeElement.dataset.number") == "1"
    page.keyboard.press("Escape")
    assert panel.count() == 0


def test_the_first_tab_skips_to_the_story(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.type("He")
    assert page.locator("#text").input_value() == "He"


@pytest.mark.parametrize("path", ["", "pattern"])
def test_strange_stories_show_as_text_and_run_nothing(page, served, path):
    page.goto(served["address"].split("?")[0] + path)
    strange = (
        "<script>alert(1)</script> He yawned, <img src=x onerror=alert(2)> and was rude. "
        "</textarea></div><svg onload=alert(3)> \"'><a href=javascript:alert(4)>x</a> {{7*7}} "
        "He yawned <b>&amp;</b> was rude."
    )
    page.locator("#text").fill(f"{strange}\n---\n{strange}")
    page.wait_for_selector(".answer")
    shown = page.locator("#answer").inner_text()
    assert "<img src=x onerror=alert(2)>" in shown
    assert page.locator("#answer :is(script, img, a, b:not(.marks b))").count() == 0
    page.wait_for_timeout(100)


def test_a_file_is_read_into_the_box(page):
    data = b"He yawned and was rude."
    page.set_input_files("#file", {"name": "a.txt", "mimeType": "text/plain", "buffer": data})
    page.wait_for_selector("mark")
    assert page.locator("#text").input_value() == "He yawned and was rude."


def test_a_file_that_cannot_be_read_is_explained(browser, served):
    with browser.new_context() as context:
        page = context.new_page()  # its console may speak of the refusal
        page.goto(served["address"])
        data = {"name": "a.odt", "mimeType": "", "buffer": b"x"}
        page.set_input_files("#file", data)
        page.wait_for_selector("#trouble:not([hidden])")
        assert "this kind of file cannot be read" in page.locator("#trouble").inner_text()


def test_a_correction_is_kept_when_the_coach_says_so_and_not_before(page, served):
    tell(page, STORY)
    page.locator(".correct > summary").click()
    page.locator('[value="skills_gap"]').first.check()
    page.locator('[name="cause"]').select_option("skills_gap")
    # Words are selected as with a mouse: after the smiley, which JavaScript counts twice.
    page.evaluate(
        """() => {
        const words = document.querySelectorAll("[data-start]")[4].firstChild;
        const range = document.createRange();
        range.setStart(words, 5);
        range.setEnd(words, 11);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
    }"""
    )
    wait(page, "selected && selected.text === 'a mail'")
    page.locator('[data-do="mark"]').click()
    assert "a mail" in page.locator(".marks").inner_text()
    page.locator('[data-do="ask"]').click()
    assert str(served["labels"]) in page.locator(".ask").inner_text()
    assert not served["labels"].exists()
    page.locator('[data-do="keep"]').click()
    page.wait_for_selector(".kept p")
    [row] = read_rows([served["labels"]])
    assert row.labels == ("skills_gap", "cold_interviewer")
    words = {row.text[span.start : span.end] for span in row.evidence}
    assert words == {"He yawned and was rude.", "a mail"}


def test_the_pattern_prints_as_a_summary_without_the_form(page, served):
    page.goto(served["address"].split("?")[0] + "pattern")
    page.locator("#text").fill(f"{STORY}\n---\n{STORY}\n---\n{NO_CAUSE}")
    page.wait_for_selector(".sheet")
    page.emulate_media(media="print")
    assert not page.locator("form").is_visible()
    assert not page.locator('[data-do="print"]').is_visible()
    assert page.locator(".sheet h2").is_visible()
    pypdf = pytest.importorskip("pypdf")
    from io import BytesIO

    sheet = pypdf.PdfReader(BytesIO(page.pdf(format="A4")))
    assert len(sheet.pages) == 1
    assert "What comes back" in sheet.pages[0].extract_text()


@pytest.mark.parametrize("path", ["", "pattern"])
def test_a_narrow_window_scrolls_down_only(page, served, path):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(served["address"].split("?")[0] + path)
    page.locator("#text").fill(f"{STORY}\n---\n{'rude' * 60} {STORY} {'w' * 200}")
    page.wait_for_selector(".answer")
    for summary in page.locator(".correct > summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_leaving_the_page_clears_it(page, served):
    tell(page, STORY)
    page.goto(served["address"].split("?")[0] + "pattern")
    page.go_back()
    assert page.locator("#text").input_value() == ""
    stores = page.evaluate("[localStorage.length, sessionStorage.length]")
    assert stores == [0, 0]


CONTRASTS = """() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const mix = (colours) => {
    paint.clearRect(0, 0, 1, 1);
    for (const colour of colours) { paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1); }
    return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const words = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!words || !element.checkVisibility()) continue;
    if (element.closest(".unseen, .skip, noscript")) continue;
    const behind = [];
    for (let e = element; e; e = e.parentElement) {
      behind.unshift(getComputedStyle(e).backgroundColor);
    }
    const ground = light(mix(["white", ...behind]));
    const ink = light(mix(["white", ...behind, getComputedStyle(element).color]));
    const ratio = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
    if (ratio < 4.5) low.push(`${element.className || element.tagName} ${ratio.toFixed(2)}`);
  }
  return low;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(page, scheme):
    page.emulate_media(color_scheme=scheme)
    tell(page, f"{STORY} I lack that licence. I want to die.\n---\n{NO_CAUSE}")
    page.locator(".correct > summary").first.click()
    page.locator(".sentence").first.click()
    page.wait_for_selector(".sentence-panel")
    assert page.evaluate(CONTRASTS) == []


def test_everything_that_can_be_used_has_a_name(page):
    tell(page, STORY)
    page.locator(".correct > summary").click()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("input, select, textarea, button")]
        .filter((e) => e.type !== "hidden")
        .filter((e) => !e.labels?.length && !e.getAttribute("aria-label") && !e.textContent.trim())
        .map((e) => e.outerHTML)"""
    )
    assert nameless == []
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("[role=status][aria-live=polite]").count() == 1


@pytest.mark.skipif(not AXE.exists(), reason="no axe-core here: npm install --no-save axe-core")
@pytest.mark.parametrize("path", ["", "pattern"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page, served, path, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(served["address"].split("?")[0] + path)
    page.locator("#text").fill(f"{STORY} I want to die.\n---\n{STORY}\n---\n{NO_CAUSE}")
    page.wait_for_selector(".answer")
    if not path:
        page.locator(".correct > summary").first.click()
        page.locator(".sentence").first.click()
        page.wait_for_selector(".sentence-panel")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    said = [f"{v['impact']} {v['id']}: {v['nodes'][0]['html'][:200]}" for v in found]
    assert said == []
