"""Where fuzzing begins: small inputs of each kind that are in order, all invented."""

from __future__ import annotations

import gzip
import io
import json

STORY = "They told me the job had gone to an internal candidate. I froze, too."
_CSV = f'id,text\n1,"{STORY}"\n2,"He said ""no"", then\nleft"\n'
_JSONL = json.dumps({"id": "1", "text": STORY}) + "\n" + json.dumps({"id": 2, "text": "No."})
_TAGGED = "id,causes,p_skills_gap,p_undersold,evidence,whose_move,note\n1,skills_gap,0.5,0.1,,,\n"
_NESTED = json.dumps(
    {"id": "1", "causes": ["skills_gap"], "probabilities": {"skills_gap": 0.5}, "evidence": []}
)
_LABELLED = json.dumps(
    {
        "id": "a1",
        "text": STORY,
        "labels": ["pre_chosen_candidate"],
        "kind": "account",
        "split": "train",
        "evidence": [{"cause": "pre_chosen_candidate", "start": 0, "end": 9, "ground": "shown"}],
        "origin": {"type": "authored"},
        "votes": {"b": ["undersold"]},
    }
)
_PAGE = (
    "---\ntitle: x\n---\n# Ten reasons\n\nBy Ann\n\n1. They [had](http://x.y) a friend.\n\n"
    "## Too late\n\nI came at ten.\n\nShare on Facebook\n\n2 comments\n\nAnn says:\n\nMe too!\n"
)
_HTML = (
    "<!doctype html><html><body><h1>Why</h1><p>It &amp; they<b> froze</b>.<ul><li>a<li>b</ul>"
    "<script>x</script><div class='comments'><div class=comment id=\"c1\">Oh!</div></div><!-- -->"
)
_MAIL = (
    "From: a@example.org\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"
    "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    "They =E2=80=99 said no.\n--b\nContent-Type: text/html\n\n<p>No.</p>\n--b--\n"
)
_WORD = (
    "<w:document xmlns:w='x'><w:body><w:p><w:r><w:t>They said no.</w:t><w:tab/><w:br/>"
    "</w:r></w:p></w:body></w:document>"
)


def seeds_of(target: str) -> list[bytes]:
    """Give the seeds of a target; the first byte is the choice that the target reads."""
    return _SEEDS[target]()


def _tables() -> list[bytes]:
    texts = [_CSV, _CSV.replace(",", "\t"), _JSONL, "!" + _CSV, "!" + _JSONL, _CSV]
    plain = [bytes([n]) + text.encode() for n, text in enumerate(texts)]
    wide = [b"\0" + _CSV.encode(code) for code in ("utf-16", "utf-8-sig", "utf-32", "utf-16-le")]
    return [*plain, *wide, b"\x03" + gzip.compress(_CSV.encode()), b"\0sep=;\nid;text\n1;x\n"]


def _workbooks() -> list[bytes]:
    from targets import _SHEET, _workbook

    parts = _workbook()
    names = [_SHEET, *sorted(parts)]
    return [bytes([n]) + parts[name] for n, name in enumerate(names)]


def _parquet() -> list[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = [{"id": ["1", "2"], "text": [STORY, None]}, {"text": [["a"], []], "n": [1, 2]}]
    found = []
    for parts in tables:
        for compression in ("none", "snappy"):
            stream = io.BytesIO()
            pq.write_table(pa.table(parts), stream, compression=compression)
            found.append(stream.getvalue())
    return found


def _page() -> list[bytes]:
    bodies = [
        {"text": STORY},
        {"text": f"{STORY}\n---\n{STORY}", "story": 1, "sentence": 0},
        {
            "text": STORY,
            "story": 0,
            "labels": ["undersold"],
            "evidence": [{"cause": "undersold", "start": 0, "end": 9, "ground": "shown"}],
        },
    ]
    sent = [
        bytes([path, 0, 1]) + b"\n\n\n" + json.dumps(body).encode()
        for path in range(7)
        for body in bodies
    ]
    form = b"\0\x01\x01\n\n\ntoken=" + b"t" * 32 + b"&text=They+said+no"
    asked = b"\0\0\0token=" + b"t" * 32 + b"\n\n"
    named = b"\x05\x03\x01\nx-file-name: a.txt\n\nThey said no."
    refused = b"\x01\0\x01\nhost: evil.example\norigin: null\n\n{}"
    return [*sent, form, asked, named, refused]


def _models() -> list[bytes]:
    from targets import FILES, _model_files

    _, files = _model_files()
    names = [*FILES, "manifest.json", "manifest.json"]
    return [bytes([n]) + files[name] for n, name in enumerate(names)]


def _answers() -> list[bytes]:
    checked = "id,checked\n1,skills_gap;undersold\n2,unexplained\n"
    settings = "seed = 3\nC = 2\n"
    texts = [
        checked,
        '{"id":"1","checked":["skills_gap"]}\n',
        _TAGGED,
        _NESTED,
        _LABELLED,
        "text,label\nNo,late\nYes,price\n",
        settings,
        _LABELLED,
    ]
    return [bytes([n]) + text.encode() for n, text in enumerate(texts)]


_SEEDS = {
    "tables": _tables,
    "workbooks": _workbooks,
    "parquet": _parquet,
    "articles": lambda: [b"\0" + _PAGE.encode(), b"\xff" + _HTML.encode()],
    "attachments": lambda: [
        b"\0" + STORY.encode(),
        b"\x01" + _MAIL.encode(),
        b"\x03" + _WORD.encode(),
    ],
    "texts": lambda: [
        STORY.encode(),
        "Σας είπα όχι. They said no, Dr. İ! 👩‍👧 e\u0301".encode(),
        b"\xed\xa0\x80 lone",
    ],
    "page": _page,
    "models": _models,
    "answers": _answers,
}
