"""The page as a server on a real port, under attack; and in a browser fed with scripts."""

import http.client
import json
import re
import resource
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from rejectnlp.page import make_app
from rejectnlp.page.guard import Guard
from rejectnlp.settings import SETTINGS
from rejectnlp.storage import save_model

PORT = 8123
TOKEN = "t" * 32
STORY = "The tea was good. He yawned and was rude. Then a mail."
# One second for a head and two for a body, so that nobody waits for these tests.
DOOR = """
import rejectnlp.settings
from dataclasses import replace
rejectnlp.settings.SETTINGS = replace(rejectnlp.settings.SETTINGS, longest_head=1, longest_upload=2)
from rejectnlp.cli import main
main()
"""


class Page:
    """A page that runs as a process of its own, and the ways to ask it."""

    def __init__(self, process, address):
        self.process = process
        parts = urlsplit(address)
        self.port = parts.port
        self.token = parts.query.removeprefix("token=")
        self.own = f"http://127.0.0.1:{self.port}"

    def connect(self, timeout=10):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def headers(self, **other):
        own = {
            "host": f"127.0.0.1:{self.port}",
            "origin": self.own,
            "cookie": f"rejectnlp_{self.port}={self.token}",
            "x-rejectnlp-token": self.token,
            "content-type": "application/json",
        }
        return {**own, **{name.replace("_", "-"): value for name, value in other.items()}}

    def ask(self, body=None, path="/answer", **headers):
        """Post as the page's own script does; give status and answer."""
        body = json.dumps({"text": STORY}) if body is None else body
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as asked:
            asked.request("POST", path, body, self.headers(**headers))
            with asked.getresponse() as answer:
                return answer.status, answer.read().decode()

    def megabytes(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


@pytest.fixture(scope="module")
def page(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("attacked")
    save_model(tiny_model, folder / "tiny", "# card\n")
    call = [sys.executable, "-c", DOOR, "page", "--no-open", "--model", str(folder / "tiny")]
    with subprocess.Popen(
        call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        page = Page(process, process.stdout.readline().strip())
        yield page
        process.terminate()
        _, err = process.communicate(timeout=20)
    assert "a bug" not in err
    assert "Traceback" not in err
    assert "yawned" not in err


slow = pytest.mark.slow


def receive(connection):
    """Give all that comes until the other side closes."""
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


# ------------------------------------------------------------------ who may ask


@slow
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "evil.example"}, 400),
        ({"host": "localtest.me:{port}"}, 400),
        ({"host": "127.0.0.1.evil.example:{port}"}, 400),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost:{port}"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "null", "sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"cookie": ""}, 403),
        ({"cookie": "rejectnlp_{port}=guess"}, 403),
        ({"x_rejectnlp_token": ""}, 403),
        ({"x_rejectnlp_token": "guess"}, 403),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "multipart/form-data; boundary=x"}, 415),
    ],
)
def test_only_the_page_itself_is_answered(page, headers, status):
    own = {name: value.format(port=page.port) for name, value in headers.items()}
    assert page.ask(**own)[0] == status


@slow
def test_the_page_listens_on_this_machine_only(page):
    name = socket.gethostbyname(socket.gethostname())
    if name.startswith("127."):
        listening = Path("/proc/net/tcp").read_text()
        assert f"0100007F:{page.port:04X}" in listening
        assert f"00000000:{page.port:04X}" not in listening
        return
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((name, page.port), timeout=2)


def client(tiny_tagger):
    return TestClient(make_app(tiny_tagger, PORT, TOKEN), base_url=f"http://127.0.0.1:{PORT}")


def test_an_address_that_is_not_utf_8_is_no_bug(tiny_tagger):
    answer = client(tiny_tagger).get("/?token=%fd", headers={"x": "y"})
    assert answer.status_code == 403
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"a=\xfd"}
    host = (b"host", f"127.0.0.1:{PORT}".encode())
    from starlette.requests import Request

    refusal = Guard(None, PORT, TOKEN).refuse(Request({**scope, "headers": [host]}))
    assert refusal.status_code == 403


def test_the_right_token_leads_to_the_page_and_nowhere_else(tiny_tagger):
    answer = client(tiny_tagger).get(f"//evil.example/?token={TOKEN}", follow_redirects=False)
    assert answer.headers.get("location", "/").startswith("/")
    assert not answer.headers.get("location", "/").startswith("//")


def test_a_cookie_of_another_port_cannot_stop_the_page(tiny_tagger):
    # Python 3.11's own parser takes 18 seconds for this one.
    start = time.perf_counter()
    cookie = f'a="{chr(92) * 60_000}"; rejectnlp_{PORT}={TOKEN}'
    assert client(tiny_tagger).get("/", headers={"cookie": cookie}).status_code == 200
    assert time.perf_counter() - start < 2


def test_numbers_without_end_are_no_bug(tiny_tagger, tmp_path):
    asked = TestClient(
        make_app(tiny_tagger, PORT, TOKEN, tmp_path / "own.jsonl"),
        base_url=f"http://127.0.0.1:{PORT}",
        cookies={f"rejectnlp_{PORT}": TOKEN},
        headers={
            "origin": f"http://127.0.0.1:{PORT}",
            "x-rejectnlp-token": TOKEN,
            "content-type": "application/json",
        },
    )
    span = '{"cause": "undersold", "start": Infinity, "end": 1e400, "ground": "shown"}'
    body = f'{{"text": "{STORY}", "story": 0, "labels": [], "evidence": [{span}]}}'
    answer = asked.post("/keep", content=body)
    assert (answer.status_code, answer.text) == (400, "Some part of the answer is missing.")


# ------------------------------------------------------------------ how much, how long


@slow
def test_a_body_beyond_the_bound_is_refused_with_and_without_a_length(page):
    body = json.dumps({"text": "x" * (SETTINGS.largest_paste + 1)})
    assert page.ask(body)[0] == 413

    def pieces():
        for _ in range(11):
            yield b"x" * 40_000

    assert page.ask(pieces())[0] == 413


@slow
def test_a_body_without_end_is_cut_off(page):
    def endless():
        while True:
            yield b"x" * 100_000

    with pytest.raises((ConnectionError, http.client.HTTPException)):  # noqa: PT012
        status, _ = page.ask(endless())
        assert status == 413
        raise ConnectionError
    assert page.ask()[0] == 200
    assert page.megabytes() < 400


@slow
def test_a_huge_header_is_refused(page):
    with page.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nx: " + b"y" * 300_000)
        with suppress(OSError):  # it may be closed already
            connection.shutdown(socket.SHUT_WR)
        assert b" 400 " in (receive(connection) or b" 400 ")[:20]
    assert page.ask()[0] == 200


@slow
@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # the beginning of TLS
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\nhost: x\r\n\r\n",
        b"POST /answer HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /answer HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nzzz",
        bytes(range(256)),
    ],
)
def test_what_is_no_http_is_refused(page, sent):
    with page.connect(timeout=5) as connection:
        connection.sendall(sent)
        assert b" 400 " in connection.recv(100)[:20]


@slow
def test_a_malformed_multipart_is_refused(page):
    body = b"--x\r\nContent-Disposition: form-data; name=" + b'"' * 1000 + b"\r\n\r\n--x"
    for path in ("/", "/answer", "/keep", "/attachment"):
        status, text = page.ask(body, path, content_type="multipart/form-data; boundary=x")
        assert 400 <= status < 500, text


@slow
def test_connections_held_half_open_are_closed_and_others_are_answered(page):
    with ExitStack() as stack:
        held = [stack.enter_context(page.connect()) for _ in range(200)]
        for connection in held[:100]:
            connection.sendall(b"POST /answer HTTP/1.1\r\nhost: 127.0.0.1")
        start = time.perf_counter()
        assert page.ask()[0] == 200
        assert time.perf_counter() - start < 1
        for connection in held:
            receive(connection)  # Returns when the page has closed it.
        assert time.perf_counter() - start < 5


@slow
def test_a_head_that_comes_drop_by_drop_is_cut_off(page):
    start = time.perf_counter()
    with page.connect() as connection, suppress(ConnectionError):
        while time.perf_counter() - start < 6:
            connection.sendall(b"x")
            time.sleep(0.05)
    assert time.perf_counter() - start < 4


@slow
def test_a_body_that_never_comes_is_given_up(page):
    head = "".join(f"{name}: {value}\r\n" for name, value in page.headers().items())
    start = time.perf_counter()
    with ExitStack() as stack:
        held = [stack.enter_context(page.connect()) for _ in range(SETTINGS.most_at_once)]
        for connection in held:
            sent = f"POST /answer HTTP/1.1\r\n{head}content-length: 1000\r\n\r\n{{"
            connection.sendall(sent.encode())
        assert b" 408 " in held[0].recv(100)[:20]
        assert page.ask()[0] == 200
    assert time.perf_counter() - start < 8


@slow
def test_a_thousand_requests_at_once_stay_within_memory(page):
    statuses = []
    body = json.dumps({"text": STORY, "more": "x" * 300_000})

    def ask():
        try:
            statuses.append(page.ask(body)[0])
        except OSError:
            statuses.append(0)

    before = page.megabytes()
    threads = [threading.Thread(target=ask) for _ in range(1_000)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4_096, hard), hard))
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(statuses) == 1_000
    assert statuses.count(200) >= 1
    assert set(statuses) <= {0, 200, 408, 503}
    assert page.megabytes() < before + 300
    assert page.ask()[0] == 200


# ------------------------------------------------------------------ scripts

SCRIPTS = (
    "<script>document.title='got'</script>"
    "<img src=x onerror=\"document.title='got'\">"
    "\"'><svg/onload=\"document.title='got'\">"
    "</textarea></template>{{7*7}}${document.title='got'}<a href=\"javascript:alert(1)\">x</a> "
    "He yawned and was rude. I lacked experience with ledgers."
)


@slow
def test_scripts_in_every_field_do_not_run_in_a_browser(tiny_model, tmp_path):
    import shutil

    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if not chromium:
        pytest.skip("no Chromium here: apt install chromium")
    save_model(tiny_model, tmp_path / "tiny", "# card\n")
    call = [sys.executable, "-c", "from rejectnlp.cli import main; main()", "page", "--no-open"]
    call += ["--model", str(tmp_path / "tiny"), "--labels", str(tmp_path / "<b>own.jsonl")]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        with sync_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox"], timeout=60_000
            )
            tab = browser.new_page()
            asked, alerts = [], []
            tab.on("request", lambda request: asked.append(request.url))
            tab.on("dialog", lambda dialog: alerts.append(dialog.message) or dialog.dismiss())
            tab.goto(address)
            title = tab.title()
            for path in ("", "pattern"):
                tab.goto(address.split("?")[0] + path)
                tab.fill("textarea", f"{SCRIPTS}\n---\n{SCRIPTS}")
                tab.wait_for_selector("mark, .answer, article, section")
                tab.wait_for_timeout(1_500)
                assert "got" not in tab.title()
                assert tab.locator("svg[onload], img[onerror]").count() == 0
                assert tab.locator("a[href^='javascript']").count() == 0
            assert title != "got"
            assert alerts == []
            assert {urlsplit(url).hostname for url in asked} == {"127.0.0.1"}
            browser.close()
        process.terminate()
