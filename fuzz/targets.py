"""What is fuzzed: each target takes any bytes and may only answer or refuse.

A refusal is a `RejectNLPError`. Anything else that is raised is a bug, and so is an answer
that breaks a promise. `fuzz/run.py` feeds the targets with atheris, `tests/test_found.py`
with what was found before and a handful of random bytes.
"""

from __future__ import annotations

import asyncio
import atexit
import gzip
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import numpy as np

from rejectnlp.articles import html_to_text, split_article
from rejectnlp.attachments import read_attachment
from rejectnlp.codebook import read_codebook
from rejectnlp.dataset import read_rows
from rejectnlp.errors import RejectNLPError
from rejectnlp.files import open_table
from rejectnlp.files.encodings import decode
from rejectnlp.labels import read_labelled
from rejectnlp.page import make_app
from rejectnlp.scorer import Tagger, load
from rejectnlp.scoring.plain import Plain
from rejectnlp.settings import asset_path, read_settings
from rejectnlp.storage import FILES, load_model, write_manifest
from rejectnlp.tagged import read_checked, read_tagged

TABLES = (".csv", ".tsv", ".jsonl", ".csv.gz", ".jsonl.gz", ".txt")
_SHEET = "xl/worksheets/sheet1.xml"
_PORT, _TOKEN = 8000, "t" * 32
_PATHS = ("/", "/pattern", "/answer", "/pattern/answer", "/sentence", "/attachment", "/keep")
_KINDS = (b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data", b"")


@cache
def _scratch() -> Path:
    """Give a folder in memory where there is one: a million small files wear a disk."""
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="fuzz-", dir=memory if memory.is_dir() else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@contextmanager
def _saved(data: bytes, suffix: str) -> Iterator[Path]:
    path = _scratch() / f"input{suffix}"
    path.write_bytes(data)
    yield path


def _read_all(path: Path) -> None:
    with suppress(RejectNLPError), open_table(path) as table:
        for row in table:
            assert row.number > 0
        assert isinstance(table.assumptions, tuple)


def fuzz_tables(data: bytes) -> None:
    """Read delimited files and JSON Lines, packed or not; the first byte chooses."""
    suffix = TABLES[data[0] % len(TABLES)] if data else ".csv"
    body = data[1:]
    # Random bytes are no gzip: most of the time they are packed here, with their end cut off.
    if suffix.endswith(".gz") and body[:1] > b"\x20":
        body = gzip.compress(body[1:], 1)[: -(body[0] % 3) or None]
    with _saved(body, suffix) as path:
        _read_all(path)


@cache
def _workbook() -> dict[str, bytes]:
    import openpyxl

    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in (["id", "text"], ["1", "He yawned."], [2, 0.5]):
        book.active.append(row)
    book.save(stream)
    with zipfile.ZipFile(stream) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def fuzz_workbooks(data: bytes) -> None:
    """Read workbooks: one of their parts is the input, or the whole file."""
    parts = dict(_workbook())
    names = [_SHEET, *sorted(parts)]
    at = data[0] % (len(names) + 1) if data else 0
    if at < len(names):
        parts[names[at]] = data[1:]
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, part in parts.items():
                archive.writestr(name, part)
        body = stream.getvalue()
    else:
        body = data[1:]
    with _saved(body, ".xlsx") as path:
        _read_all(path)


def fuzz_parquet(data: bytes) -> None:
    """Read Parquet files."""
    with _saved(data, ".parquet") as path:
        _read_all(path)


def fuzz_articles(data: bytes) -> None:
    """Cut pages into passages, each of which has words and says whose they are."""
    with suppress(RejectNLPError):
        text = decode(data[1:]).replace("\0", "")
        text = html_to_text(text) if data[:1] > b"\x80" else text
        for passage in split_article(text):
            assert passage.text.strip()
            assert passage.role in ("article", "comment")


def fuzz_attachments(data: bytes) -> None:
    """Read text, mail and Word documents; of these, the body is the input, or the whole file."""
    # In this process, where coverage is seen; the page reads mails in one of their own.
    kind = data[0] % 4 if data else 0
    body = data[1:]
    if kind == 3:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("word/document.xml", body)
        body = stream.getvalue()
    with suppress(RejectNLPError):
        if kind == 1:
            _read_mail(body)
        else:
            assert read_attachment(("a.txt", "", "a.docx", "a.docx")[kind], body).strip()


def _read_mail(body: bytes) -> None:
    from rejectnlp import attachments

    assert isinstance(attachments.text_of_mail(body), str)


@cache
def _tagger() -> Tagger:
    return load()


@cache
def _plain() -> Plain:
    return Plain(_tagger().model)


def fuzz_texts(data: bytes) -> None:
    """Explain texts: probabilities are such, evidence stands where it says, both ways agree."""
    text = data.decode("utf-8", "surrogatepass" if data[:1] < b"\x80" else "replace")
    finding = _tagger().explain(text)
    assert all(0 <= p <= 1 for p in finding.probabilities.values())
    for evidence in finding.evidence:
        assert text[evidence.start : evidence.end] == evidence.text
    fast, plain = _tagger()._scorer.score([text]), _plain().score([text])
    assert np.allclose(fast.whole, plain.whole, rtol=0, atol=1e-9)
    assert np.array_equal(fast.spans, plain.spans)
    assert fast.notes == plain.notes or fast.notes == ["truncated"]
    json.dumps(finding.to_dict())


def _fuzz_texts(data: bytes) -> None:
    with suppress(UnicodeDecodeError):
        fuzz_texts(data)


@cache
def _page() -> Callable[..., object]:
    labels = _scratch() / "kept.jsonl"
    return make_app(_tagger(), _PORT, _TOKEN, labels)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def fuzz_page(data: bytes) -> None:
    """Ask the page: any headers and body get an answer, a bug gets status 500."""
    choice, _, rest = data.partition(b"\n")
    headers, _, body = rest.partition(b"\n\n")
    path = _PATHS[choice[0] % len(_PATHS)] if choice else "/"
    kind = _KINDS[choice[1] % len(_KINDS)] if len(choice) > 1 else _KINDS[0]
    own = [
        (b"host", f"127.0.0.1:{_PORT}".encode()),
        (b"origin", f"http://127.0.0.1:{_PORT}".encode()),
        (b"cookie", f"rejectnlp_{_PORT}={_TOKEN}".encode()),
        (b"x-rejectnlp-token", _TOKEN.encode()),
        (b"content-type", kind),
    ]
    given = [tuple(line.split(b":", 1)) for line in headers.split(b"\n") if b":" in line]
    names = {name.lower() for name, _ in given}
    merged = [(n.lower(), v) for n, v in given] + [h for h in own if h[0] not in names]
    method = "GET" if len(choice) > 2 and choice[2] % 4 == 0 else "POST"
    status = _loop().run_until_complete(_ask(method, path, choice[3:], merged, body))
    assert status < 500, status


async def _ask(
    method: str, path: str, query: bytes, headers: list[tuple[bytes, ...]], body: bytes
) -> int:
    statuses: list[int] = []
    parts = [body[i : i + 50_000] for i in range(0, len(body), 50_000)] or [b""]

    async def receive() -> dict[str, object]:
        part = parts.pop(0) if parts else b""
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(int(str(message["status"])))

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": headers,
        "server": ("127.0.0.1", _PORT),
        "client": ("127.0.0.1", 1),
    }
    await _page()(scope, receive, send)  # type: ignore[misc]
    return statuses[0]


@cache
def _model_files() -> tuple[Path, dict[str, bytes]]:
    """Give a small model folder and its files: what the shipped one is, with few n-grams."""
    from dataclasses import replace

    from rejectnlp.storage import save_model

    model = load_model(asset_path("models", "default"))
    small = replace(
        model,
        words=model.words[:3],
        chars=model.chars[:2],
        weights=model.weights[:5].copy(),
        idf=model.idf[:5].copy(),
        about={"release": "x"},
    )
    folder = _scratch() / "model"
    shutil.rmtree(folder, ignore_errors=True)
    save_model(small, folder, "# card\n")
    return folder, {path.name: path.read_bytes() for path in folder.iterdir()}


def fuzz_models(data: bytes) -> None:
    """Load a model one of whose files is the input; sealed anew, so that the parsers see it."""
    folder, files = _model_files()
    names = [*FILES, "manifest.json", "manifest.json"]
    at = data[0] % len(names) if data else 0
    (folder / names[at]).write_bytes(data[1:])
    is_sealed = at != len(names) - 1
    if is_sealed:
        source = data[1:] if names[at] == "manifest.json" else files["manifest.json"]
        with suppress(ValueError, RecursionError):
            manifest = json.loads(source)
            if isinstance(manifest, dict):
                write_manifest(folder, manifest)
    try:
        with suppress(RejectNLPError):
            tagger = Tagger(load_model(folder))
            assert is_sealed or data[1:] == files["manifest.json"]
            tagger.explain("They told me the job had gone to an internal candidate.")
    finally:
        for name in (names[at], "manifest.json"):
            (folder / name).write_bytes(files[name])


def fuzz_answers(data: bytes) -> None:
    """Read what people and earlier runs wrote: answers, tagged files, datasets, settings."""
    body = data[1:]
    kind = data[0] % 8 if data else 0
    suffix = (".csv", ".jsonl", ".csv", ".jsonl", ".jsonl", ".csv", ".toml", ".jsonl")[kind]
    with _saved(body, suffix) as path, suppress(RejectNLPError):
        if kind < 2:
            read_checked(path, read_codebook())
        elif kind < 4:
            read_tagged(path)
        elif kind == 4:
            read_rows([path])
        elif kind == 6:
            read_settings(path)
        else:
            read_labelled([path], None, None, report=lambda _: None)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "tables": fuzz_tables,
    "workbooks": fuzz_workbooks,
    "parquet": fuzz_parquet,
    "articles": fuzz_articles,
    "attachments": fuzz_attachments,
    "texts": _fuzz_texts,
    "page": fuzz_page,
    "models": fuzz_models,
    "answers": fuzz_answers,
}
