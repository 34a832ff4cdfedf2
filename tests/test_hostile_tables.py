"""Tables and texts made to fill the memory, to take for ever, or to fool; and half of them."""

import gzip
import io
import json
import os
import random
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import suppress
from itertools import pairwise

import pytest

from rejectnlp.accounts import note_text, split_accounts, split_sentences
from rejectnlp.articles import html_to_text, split_article
from rejectnlp.attachments import read_attachment, text_of_mail
from rejectnlp.care import needs_care
from rejectnlp.errors import DataError, RejectNLPError, UsageError, quoted, suggest
from rejectnlp.files import list_columns, open_table, open_writer, read_text, restore_cell
from rejectnlp.inputs import Wanted, choose_kept
from rejectnlp.normalisation import normalise
from rejectnlp.prediction import Manner, predict_files
from rejectnlp.settings import read_settings
from rejectnlp.tagged import read_checked, read_tagged, split_labels

STORY = "They told me the job had gone to an internal candidate."


@pytest.fixture
def save(tmp_path):
    def save(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return save


def rows_of(path):
    with open_table(path) as table:
        return list(table)


def refusal(path):
    with pytest.raises(RejectNLPError) as caught:
        rows_of(path)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    assert "internal candidate" not in message
    return message


def peak_of(code, *arguments):
    """Run code in a fresh Python; give what it printed and the megabytes it held at most."""
    # Not resource.getrusage: its figure begins with that of the process which started this one.
    code += "\nimport re; said = open('/proc/self/status').read()"
    code += "\nprint(int(re.search(r'VmHWM:\\s+(\\d+)', said)[1]) // 1024)"
    call = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(call, capture_output=True, text=True, check=True, timeout=100)
    *said, peak = done.stdout.split("\n")[:-1]
    return "\n".join(said), int(peak)


READ = """
import sys
from rejectnlp.errors import RejectNLPError
from rejectnlp.files import BadRow, open_table
n = n_bad = 0
try:
    with open_table(sys.argv[1]) as table:
        for row in table:
            n, n_bad = n + 1, n_bad + isinstance(row, BadRow)
    print(n, n_bad)
except RejectNLPError as error:
    print(error)
"""

# ------------------------------------------------------------------ what is too much


@pytest.mark.slow
def test_lines_of_ten_megabytes_are_tagged_in_bounded_memory(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("w") as stream:
        stream.write("id,text\n")
        for n in range(30):
            stream.write(f"{n}," + STORY * 190_000 + "\n")
    assert path.stat().st_size > 300_000_000
    code = (
        "import sys\nfrom rejectnlp.prediction import predict_files\nfrom rejectnlp.scorer import "
        "load\ns = predict_files([sys.argv[1]], load(), __import__('pathlib').Path(sys.argv[2]))\n"
        "print(s.n_tagged, s.n_noted)"
    )
    said, peak = peak_of(code, path, tmp_path / "out.csv")
    path.unlink()
    assert said == "30 30"
    assert peak < 300


def test_a_text_that_is_cut_before_it_is_read_has_the_same_finding(save, tiny_tagger, tmp_path):
    path = save("one.csv", "id,text\n1," + "He yawned and was rude. " * 5_000 + "\n")
    predict_files([path], tiny_tagger, tmp_path / "out.jsonl")
    whole = tiny_tagger.explain(rows_of(path)[0].values["text"]).to_dict()
    row = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert row == {**whole, "id": "1"}
    assert row["note"] == "truncated"


@pytest.mark.slow
def test_a_quote_left_open_above_lines_of_ten_megabytes_costs_one_row(tmp_path):
    path = tmp_path / "open.csv"
    with path.open("w") as stream:
        stream.write('id,text\n1,"never closed\n')
        for n in range(20):
            stream.write(f"{n}," + "x" * 10_000_000 + "\n")
    said, peak = peak_of(READ, path)
    path.unlink()
    assert said == "21 1"
    assert peak < 400


@pytest.mark.slow
def test_ten_thousand_columns_are_read_kept_and_written(save, tiny_tagger, tmp_path):
    names = ["text", *(f"c{n}" for n in range(10_000))]
    row = ["He yawned and was rude.", *("v" for _ in range(10_000))]
    path = save("wide.csv", f"{','.join(names)}\n" + f"{','.join(row)}\n" * 20)
    start = time.perf_counter()
    kept = Manner(Wanted(keep=("all",)))
    predict_files([path], tiny_tagger, tmp_path / "out.csv", kept)
    assert time.perf_counter() - start < 20
    assert len(rows_of(tmp_path / "out.csv")[0].values) > 10_000
    with pytest.raises(UsageError, match=r"c18, and 9981 more") as caught:
        choose_kept(names, ["nosuch"], ["text"], [])
    assert len(str(caught.value)) < 400


@pytest.mark.slow
def test_a_packed_line_without_end_is_refused_in_bounded_memory(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b"id,text\n1,")
        for _ in range(300):
            stream.write(b"x" * 1_000_000)
    said, peak = peak_of(READ, path)
    assert "line 2 has more than 100,000,000 characters" in said
    assert peak < 600


def test_a_packed_text_without_end_is_refused(save):
    path = save("bomb.txt.gz", gzip.compress(b"x" * 30_000_000, 1))
    with pytest.raises(DataError, match="larger than 20,000,000 bytes"):
        read_text(path)


@pytest.mark.slow
def test_a_parquet_file_of_one_kilobyte_cannot_fill_the_memory(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000, pa.int32()), ["x" * 2_000_000])
    pq.write_table(pa.table({"text": texts}), tmp_path / "bomb.parquet", compression="zstd")
    assert (tmp_path / "bomb.parquet").stat().st_size < 2_000
    said, peak = peak_of(READ, tmp_path / "bomb.parquet")
    assert said == "1000 0"
    assert peak < 500


def workbook(path, sheet):
    import openpyxl

    stream = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.save(stream)
    with (
        zipfile.ZipFile(stream) as parts,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name in parts.namelist():
            out.writestr(name, sheet if name.endswith("sheet1.xml") else parts.read(name))
    return path


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1" t="inlineStr"><is><t>text</t></is></c></row>{}</sheetData></worksheet>'
)


def test_entities_that_grow_a_billionfold_are_refused(tmp_path):
    names = "abcdefghij"
    grown = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(names))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{grown}]>'
    cell = '<row r="2"><c r="A2" t="inlineStr"><is><t>&j;</t></is></c></row>'
    assert "damaged" in refusal(workbook(tmp_path / "b.xlsx", head + SHEET.format(cell)))


@pytest.mark.slow
def test_cells_in_the_last_column_are_set_aside_and_not_spelt_out(tmp_path):
    draw = random.Random(1)
    wide = "".join(
        f'<row r="{n}"><c r="XFD{n}"><v>{draw.randrange(10**9)}</v></c></row>'
        for n in range(2, 502)
    )
    rows = rows_of(workbook(tmp_path / "w.xlsx", SHEET.format(wide)))
    assert len(rows) == 500
    assert all("16384 fields" in row.reason and len(row.raw) < 20 for row in rows)


# ------------------------------------------------------------------ what is odd


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".tsv"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_every_encoding_gives_the_same_rows(save, suffix, encoding):
    comma = "\t" if suffix == ".tsv" else ","
    table = f"id{comma}text\n1{comma}They didn’t call.\n2{comma}Fine – no.\n"
    lines = ['{"id": "1", "text": "They didn’t call."}', '{"id": "2", "text": "Fine – no."}\n']
    text = "\n".join(lines) if suffix == ".jsonl" else table
    rows = rows_of(save(f"e{suffix}", text.encode(encoding)))
    assert [row.values["text"] for row in rows] == ["They didn’t call.", "Fine – no."]


def test_two_encodings_in_one_file_are_read_and_said(save):
    path = save("mixed.csv", "id,text\n1,déjà vu\n".encode() * 9 + b"2,They didn\x92t\n")
    with open_table(path) as table:
        assert list(table)[-1].values["text"] == "They didn’t"
        assert "read as Windows-1252" in table.assumptions[0]


@pytest.mark.parametrize("header", ["id,id,text", "text,Text,text", ",text,column 1"])
def test_columns_that_cannot_be_told_apart_are_refused(save, header):
    path = save("twice.csv", f"{header}\n1,2,3\n")
    assert "columns of the same name" in refusal(path)


def test_empty_names_are_named_by_their_place(save):
    with open_table(save("empty.csv", ",text,\n1,2,3\n")) as table:
        assert table.columns == ("column 1", "text", "column 3")


def test_a_formula_in_a_name_a_text_or_an_id_is_disarmed_and_comes_back(tmp_path):
    rows = [{"id": "-5", "=text": "=1+1"}, {"id": "@me", "=text": "'=1"}]
    for suffix in (".csv", ".tsv", ".xlsx"):
        path = tmp_path / f"out{suffix}"
        with open_writer(path, None, columns=("id", "=text")) as writer:
            for row in rows:
                writer.write(row)
        read = [row.values for row in rows_of(path)]
        assert all(not cell.startswith(("=", "-", "@")) for row in read for cell in row.values())
        assert all(not name.startswith("=") for name in read[0])
        back = [{restore_cell(k): restore_cell(v) for k, v in row.items()} for row in read]
        assert back == rows


def test_ids_that_look_like_formulas_are_found_again(save, tmp_path, tiny_tagger):
    source = save("in.csv", "id,text\n-5,He yawned and was rude.\n@me,It went to the cousin.\n")
    for suffix in (".csv", ".jsonl", ".xlsx"):
        predict_files([source], tiny_tagger, tmp_path / f"out{suffix}")
        assert read_tagged(tmp_path / f"out{suffix}").ids == ["-5", "@me"]
    checked = save("checked.csv", "id,checked\n'-5,cold_interviewer\n@me,unexplained\n")
    assert set(read_checked(checked, tiny_tagger.codebook)) == {"-5", "@me"}


def test_numbers_beyond_all_bounds_are_data_errors(save):
    row = '{"id": "1", "causes": [], "probabilities": {"a": 1%s}}' % ("0" * 400)
    with pytest.raises(DataError, match="no probability"):
        read_tagged(save("huge.jsonl", row))
    deep = "[" * 100_000
    assert split_labels(deep) == [deep]
    with pytest.raises(UsageError, match="not a readable TOML"):
        read_settings(save("deep.toml", "a = " + deep))


def test_what_is_too_long_for_a_name_is_never_quoted():
    assert "internal candidate" not in quoted(STORY)
    assert quoted("\x1b[31m").startswith("(")
    assert "internal candidate" not in list_columns([STORY])
    assert suggest("Price", iter(["price", "late"])) == "Did you mean 'price'? "


# ------------------------------------------------------------------ half of it


def halves(data):
    return [data[:n] for n in (1, 3, 10, len(data) // 3, len(data) // 2, len(data) - 1)]


def table_bytes(tmp_path, suffix):
    path = tmp_path / f"whole{suffix}"
    with open_writer(path, None, columns=("id", "text")) as writer:
        for n in range(3_000):
            writer.write({"id": str(n), "text": f"{STORY} {n * 7919 % 10_007}"})
    return path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".parquet", ".xlsx"])
def test_half_a_file_is_refused(save, tmp_path, suffix):
    for part in halves(table_bytes(tmp_path, suffix)):
        assert refusal(save(f"half{suffix}", part))


def test_half_a_packed_file_is_refused(save, tmp_path):
    for part in halves(gzip.compress(table_bytes(tmp_path, ".csv"))):
        assert "cut off, damaged or not gzip" in refusal(save("half.csv.gz", part))


def test_half_a_text_file_loses_its_last_row_at_most(save, tmp_path):
    data = table_bytes(tmp_path, ".jsonl")
    rows = rows_of(save("half.jsonl", data[: len(data) // 2]))
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert sum(hasattr(row, "reason") for row in rows) <= 1


def test_a_file_that_shrinks_while_it_is_read_ends_or_is_refused(save):
    path = save("shrinks.csv", "id,text\n" + f"1,{STORY}\n" * 50_000)
    with open_table(path) as table:
        rows = iter(table)
        next(rows)
        os.truncate(path, 20)
        assert sum(1 for _ in rows) < 50_000


def test_a_pipe_under_a_name_is_read_as_a_stream(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    writing = threading.Thread(target=lambda: pipe.write_text(f"id,text\n1,{STORY}\n"))
    writing.start()
    assert [row.values["id"] for row in rows_of(pipe)] == ["1"]
    writing.join()


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx"])
def test_a_pipe_that_would_have_to_be_wound_back_is_refused(tmp_path, suffix):
    data = table_bytes(tmp_path, suffix)[:5_000]
    pipe = tmp_path / f"pipe{suffix}"
    os.mkfifo(pipe)

    def feed():
        with suppress(BrokenPipeError):
            pipe.write_bytes(data)

    writing = threading.Thread(target=feed)
    writing.start()
    assert "in a pipe. Save it as a file first." in refusal(pipe)
    writing.join()


@pytest.mark.parametrize(
    ("target", "said"),
    [("/dev/null", "is empty"), ("/dev/zero", "binary"), ("/", "is a folder")],
)
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".xlsx", ".parquet", ".csv.gz"])
def test_links_to_devices_and_folders_are_refused(tmp_path, target, said, suffix):
    path = tmp_path / f"link{suffix}"
    path.symlink_to(target)
    assert any(word in refusal(path) for word in (said, "binary", "not gzip", "is empty"))


def test_a_name_too_long_or_with_a_nul_is_no_bug(tmp_path):
    for name in ("x" * 300 + ".csv", "a\0b.csv"):
        with pytest.raises(RejectNLPError):
            rows_of(tmp_path / name)


# ------------------------------------------------------------------ time

NASTY = [
    *("a", " ", "\n", ".", "-", "'", "<", "<a ", "<!--", "&", "[", "[](", "a.", "Dr. ", ", "),
    *("want to ", "career ", "i was ", "don't ", "![", "---\n", "# a\n", "1. a\n\n", "\r\n", "’"),
    *('<p class="', "<div id='", "id = ", "Ann says:\n", "comments\n", "a\n\n\n", "e\u0301", "İ"),
    *("<script>", "</p>", "<div>", "&#1", "**", "`", "\u2028", "–", " — ", "x, and ", "!?", "©"),
]
FUNCTIONS = {
    "normalise": normalise,
    "split_sentences": split_sentences,
    "split_accounts": split_accounts,
    "note_text": note_text,
    "needs_care": needs_care,
    "split_article": split_article,
    "html_to_text": html_to_text,
}


def seconds(function, text):
    start = time.process_time()
    function(text)
    return time.process_time() - start


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_repeat_takes_more_than_its_length(name):
    """Ten times the text may take some ten times as long, at each step from 1 kB to 1 MB.

    All pieces at 20 kB, where what is quadratic takes minutes already; the one that took
    the longest at the other lengths too.
    """
    function = FUNCTIONS[name]
    took = {piece: seconds(function, piece * (20_000 // len(piece))) for piece in NASTY}
    assert max(took.values()) < 1, max(took, key=took.get)
    piece = max(took, key=took.get)
    times = [seconds(function, piece * (n // len(piece))) for n in (10**3, 10**4, 10**5, 10**6)]
    for shorter, longer in pairwise(times):
        assert longer < 40 * max(shorter, 0.01), (piece, times)


@pytest.mark.slow
def test_no_repeat_keeps_the_tagger(tiny_tagger):
    for piece in NASTY:
        text = piece * (1_000_000 // len(piece))
        assert seconds(tiny_tagger.explain, text) < 2, piece


@pytest.mark.slow
def test_a_mail_that_keeps_the_parser_busy_is_given_up(monkeypatch):
    from dataclasses import replace

    from rejectnlp import attachments

    monkeypatch.setattr(attachments, "SETTINGS", replace(attachments.SETTINGS, longest_wait=2))
    mail = b"Content-Type: text/plain" + b"; a=b" * 100_000 + b"\n\nThey said no."
    start = time.perf_counter()
    with pytest.raises(DataError, match="this mail takes too long to read"):
        read_attachment("a.eml", mail)
    assert time.perf_counter() - start < 6
    assert text_of_mail(b"\n\nThey said no.") == "\nThey said no."
