"""Any text and any table: an answer or a refusal, the same by every way.

`REJECTNLP_HARD=1` draws a hundred times as many examples.
"""

import json
import os
import unicodedata
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rejectnlp.accounts import Account, split_accounts, split_sentences
from rejectnlp.articles import html_to_text, split_article
from rejectnlp.care import needs_care
from rejectnlp.errors import RejectNLPError
from rejectnlp.files import open_table, open_writer, restore_cell
from rejectnlp.files.encodings import decode
from rejectnlp.files.values import cell_of
from rejectnlp.prediction import predict_files
from rejectnlp.scorer import Tagger
from rejectnlp.scoring import Scorer
from rejectnlp.settings import SETTINGS

TIMES = 100 if os.environ.get("REJECTNLP_HARD") else 1


def tried(n):
    return settings(max_examples=n * TIMES, deadline=None, derandomize=TIMES == 1, database=None)


# Words that the model knows, and what trips programs up: halves of pairs, NUL, marks that
# combine, emoji joined into one, ends of lines of all kinds, right to left, letters whose lower
# case is longer, numbers of other scripts.
PIECES = [
    *"He yawned and was rude .|It went to the cousin!|I could not write the join ,".split("|"),
    *" |\n|\r\n|\r|\t|\u2028|\u0085|\x0b|\x00|\ufeff|\u200b|\u00a0|\u3000".split("|"),
    *"e\u0301|a\u0328\u0301|👩‍👩‍👧|🏳️‍🌈|🇩🇪|İ|ẞ|Σας|ς|ﬁ|Ǆ|שלום|مرحبا|\u202eabc|你好|ไทย|한글".split(
        "|"
    ),
    *"\ud800|\udfff|\udc80|\U0010ffff|\ufffe|٣|½|²|'|’|Dr.|e.g.|...|?!|--|—".split("|"),
]
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join),
    st.text(st.characters(codec=None), max_size=200),
)
HARD = ["", "\0", "\ud800", "".join(PIECES), " ".join(PIECES), "\r\n" * 50, "e" + "\u0301" * 300]


@pytest.fixture(scope="module")
def ways(tiny_model):
    """Give the model twice: by the kernel, where there is one, and in plain Python."""
    plain = Scorer(tiny_model)
    plain._kernel = None
    both = Tagger(tiny_model), Tagger(tiny_model)
    both[1].__dict__["_scorer"] = plain
    return both


def is_same(a, b):
    return a.causes == b.causes and a.evidence == b.evidence and a.note == b.note


@tried(150)
@given(text=texts)
@example(text="".join(PIECES))
def test_any_text_has_probabilities_and_evidence_that_stands_in_it(ways, text):
    finding = ways[0].explain(text)
    assert all(0 <= p <= 1 for p in finding.probabilities.values())
    assert finding.causes
    for evidence in finding.evidence:
        assert text[evidence.start : evidence.end] == evidence.text
        assert evidence.text.strip() == evidence.text != ""
        assert 0 <= evidence.weight <= 1
    json.dumps(finding.to_dict())


@tried(100)
@given(text=texts)
def test_the_kernel_and_plain_python_say_the_same_of_any_text(ways, text):
    fast, plain = (tagger.explain(text) for tagger in ways)
    assert fast.causes == plain.causes
    assert [(e.cause, e.start, e.end) for e in fast.evidence] == [
        (e.cause, e.start, e.end) for e in plain.evidence
    ]
    for cause, p in fast.probabilities.items():
        assert p == pytest.approx(plain.probabilities[cause], abs=1e-9)


@tried(60)
@given(batch=st.lists(texts, min_size=2, max_size=12), size=st.integers(1, 5))
def test_a_text_alone_has_the_same_finding_as_in_any_batch_of_any_size(ways, batch, size):
    for tagger in ways:
        accounts = [Account(str(n), text) for n, text in enumerate(batch)]
        together = list(tagger.find(accounts))
        alone = [tagger.explain(text) for text in batch]
        cut = [
            f for at in range(0, len(batch), size) for f in tagger.find(accounts[at : at + size])
        ]
        for one, two, three in zip(together, alone, cut, strict=True):
            assert is_same(one, two)
            assert is_same(one, three)
            assert one.probabilities == two.probabilities == three.probabilities


@tried(150)
@given(text=texts)
def test_sentences_are_stretches_of_their_text_in_order(text):
    end = 0
    for sentence in split_sentences(text):
        assert end <= sentence.start < sentence.end
        assert text[sentence.start : sentence.end] == sentence.text
        end = sentence.end
    assert all(part.strip() for part in split_accounts(text))
    needs_care(text)


@tried(100)
@given(text=texts, is_page=st.booleans())
def test_any_page_is_cut_into_passages_with_words(text, is_page):
    for passage in split_article(html_to_text(text) if is_page else text):
        assert any(map(str.isalpha, passage.text))
        assert passage.role in ("article", "comment")


@tried(150)
@given(text=texts)
def test_what_a_spreadsheet_shows_is_no_formula_and_can_be_taken_back(text):
    cell = cell_of(text)
    shown = (
        text
        if text.isascii()
        else "".join("\ufffd" if unicodedata.category(c) == "Cs" else c for c in text)
    )
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert restore_cell(cell) == shown


@tried(100)
@given(quotes=st.text("'=+-@\t\rab", max_size=6))
def test_no_two_texts_become_the_same_cell(quotes):
    assert restore_cell(cell_of(quotes)) == quotes


cells = st.text(st.sampled_from("ab1é🙂,;|\t\"'\n\r\0=\ufeff \u2028"), max_size=12)


@tried(60)
@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.lists(st.lists(cells, max_size=4).map(",".join), max_size=6).map(
            lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass")
        ),
    ),
    suffix=st.sampled_from([".csv", ".tsv", ".jsonl", ".xlsx", ".parquet", ".csv.gz", ".txt"]),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32", "cp1252", "latin-1"]),
)
def test_any_table_is_read_or_refused(tmp_path_factory, data, suffix, encoding):
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(data.decode("latin-1").encode(encoding, "replace"))
    numbers, refusal = [], ""
    try:
        with open_table(path) as table:
            numbers = [row.number for row in table]
    except RejectNLPError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert numbers == sorted(numbers)


@tried(60)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_text_or_refused(data):
    with suppress(RejectNLPError):
        assert "\r" not in decode(data)


def tag(source, out, tagger, **options):
    predict_files([source], tagger, out, force=True, **options)
    with open_table(out) as table:
        return [row.values for row in table]


@pytest.fixture
def strange(tmp_path):
    """Give a file of texts that every format can hold, more than one chunk of them."""
    held = [p for p in PIECES if not set(p) & set("\0\r\x0b\ufffe\ud800\udfff\udc80")]
    told = ["".join(held[i::7]) for i in range(7)] * 50
    rows = [{"id": f"r{n}", "text": f"{text} {n}"} for n, text in enumerate(told)]
    paths = []
    for suffix in (".jsonl", ".parquet", ".csv"):
        paths.append(tmp_path / f"in{suffix}")
        with open_writer(paths[-1], None, columns=("id", "text")) as writer:
            for row in rows:
                writer.write(row)
    return paths


@pytest.mark.slow
def test_formats_batches_workers_and_ways_give_the_same_rows(ways, strange, tmp_path, monkeypatch):
    first = tag(strange[0], tmp_path / "first.jsonl", ways[0])
    assert len(first) == 350
    for path in strange[1:]:
        assert tag(path, tmp_path / "out.jsonl", ways[0]) == first
    assert tag(strange[0], tmp_path / "out.jsonl", ways[0], n_workers=2) == first
    assert tag(strange[0], tmp_path / "out.jsonl", ways[1]) == first
    for size in (1, 7):
        smaller = replace(SETTINGS, batch_size=size, batch_characters=500)
        monkeypatch.setattr("rejectnlp.prediction.SETTINGS", smaller)
        monkeypatch.setattr("rejectnlp.scorer.SETTINGS", smaller)
        assert tag(strange[0], tmp_path / "out.jsonl", ways[0]) == first
    flat = tag(strange[0], tmp_path / "out.csv", ways[0])
    for suffix in (".parquet", ".xlsx", ".tsv"):
        again = tag(strange[0], tmp_path / f"out{suffix}", ways[0])
        for one, two in zip(flat, again, strict=True):
            assert {k: restore_cell(v) for k, v in one.items() if k[:2] != "p_"} == {
                k: restore_cell(v) for k, v in two.items() if k[:2] != "p_"
            }
            ps = [[float(row[k]) for k in one if k[:2] == "p_"] for row in (one, two)]
            assert np.allclose(*ps, rtol=0, atol=1e-6)


@pytest.mark.parametrize("text", HARD, ids=lambda text: repr(text)[:20])
def test_the_shipped_model_takes_the_hardest_texts(text):
    from rejectnlp import load

    finding = load().explain(text)
    assert all(0 <= p <= 1 for p in finding.probabilities.values())
    assert all(text[e.start : e.end] == e.text for e in finding.evidence)
