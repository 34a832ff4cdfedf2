"""Tables and texts out: every format, whole or not at all."""

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rejectnlp.errors import OutputError, UsageError
from rejectnlp.files import BadRow, open_table, open_writer, write_bad_rows, write_text

ROWS = [
    {"id": "1", "text": 'a "quoted", story;\nwith\tlines | and\rmore', "p": "0.25"},
    {"id": "2", "text": "", "p": "1"},
    {"id": "3", "text": "They said “no” 🙂", "p": "0.5"},
]
SUFFIXES = [".csv", ".tsv", ".jsonl", ".parquet", ".xlsx"]


@pytest.fixture
def save(tmp_path):
    def save(content, name="a.csv"):
        path = tmp_path / name
        path.write_text(content)
        return path

    return save


def rows_of(path):
    with open_table(path) as table:
        return list(table)


def texts_of(path):
    return [row.values["text"] for row in rows_of(path)]


def write(path, rows, columns=("id", "text", "p"), **options):
    with open_writer(path, options.pop("format", None), columns=columns, **options) as writer:
        for row in rows:
            writer.write(row)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_is_read_back_the_same(tmp_path, suffix):
    path = write(tmp_path / f"out{suffix}", ROWS)
    read = [row.values for row in rows_of(path)]
    if suffix == ".xlsx":  # XML has one line end only
        read[0]["text"] = read[0]["text"].replace("and\nmore", "and\rmore")
    assert read == ROWS


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(texts=st.lists(st.text("ab ,;|\t\"\n\r'é’🙂\u2028\x0b\ufeff", max_size=9), min_size=1))
def test_any_text_is_read_back_the_same(tmp_path_factory, suffix, texts):
    rows = [{"id": str(n), "text": "x" + text} for n, text in enumerate(texts)]
    path = write(tmp_path_factory.getbasetemp() / f"o{suffix}", rows, ("id", "text"), force=True)
    assert [row.values for row in rows_of(path)] == rows


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_table_keeps_its_columns(tmp_path, suffix):
    path = write(tmp_path / f"out{suffix}", [])
    if suffix == ".jsonl":
        assert path.read_bytes() == b""
        return
    with open_table(path) as table:
        assert table.columns == ("id", "text", "p")
        assert list(table) == []


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl"])
def test_floats_of_text_formats_have_six_digits(tmp_path, suffix):
    path = write(
        tmp_path / f"o{suffix}",
        [{"p": 0.123456789, "n": 3, "x": None, "nan": float("nan")}],
        columns=("p", "n", "x", "nan"),
    )
    assert list(rows_of(path)[0].values.values()) == ["0.123457", "3", "", ""]


def test_jsonl_keeps_lists_objects_and_undeclared_columns(tmp_path):
    row = {"id": "1", "evidence": [{"text": "é", "weight": 0.1234567}], "more": None}
    path = write(tmp_path / "o.jsonl", [row], columns=("id",))
    line = path.read_text("utf-8")
    assert line == '{"id": "1", "evidence": [{"text": "é", "weight": 0.123457}], "more": null}\n'


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
def test_flat_formats_refuse_an_undeclared_column(tmp_path, suffix):
    with pytest.raises(OutputError, match=r"row 1 has a column that the first rows did not have"):
        write(tmp_path / f"o{suffix}", [{"id": "1", "more": "x"}], columns=("id",))
    assert list(tmp_path.iterdir()) == []


def test_csv_is_minimal_utf_8_with_newlines(tmp_path):
    path = write(tmp_path / "o.csv", [{"a": "é", "b": "x,y"}, {"a": "z"}], columns=("a", "b"))
    assert path.read_bytes() == 'a,b\né,"x,y"\nz,\n'.encode()


def test_an_empty_cell_alone_is_still_a_row(tmp_path):
    path = write(tmp_path / "o.csv", [{"text": ""}, {"text": "a"}], columns=("text",))
    assert texts_of(path) == ["", "a"]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx"])
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_formulas_are_disarmed_and_numbers_are_not(tmp_path, suffix, start):
    story = f"{start}cmd|' /C calc'!A0"
    path = write(tmp_path / f"o{suffix}", [{"text": story, "p": -0.5}], columns=("text", "p"))
    [row] = rows_of(path)
    assert row.values["p"] == "-0.5"
    seen = story.replace("\r", "\n") if suffix == ".xlsx" else story
    assert row.values["text"] == f"'{seen}"


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_formats_of_data_keep_texts_that_look_like_formulas(tmp_path, suffix):
    assert texts_of(write(tmp_path / f"o{suffix}", [{"text": "=1+1"}], columns=("text",))) == [
        "=1+1"
    ]


def test_excel_has_no_formula_and_no_illegal_character(tmp_path):
    rows = [{"text": "=1+1"}, {"text": "a\x00\x0b\x1fb"}]
    path = write(tmp_path / "o.xlsx", rows, columns=("text",))
    cells = [c for (c,) in openpyxl.load_workbook(path).active.iter_rows(min_row=2)]
    assert [c.data_type for c in cells] == ["s", "s"]
    assert cells[1].value == "a\ufffd\ufffd\ufffdb"


def test_excel_says_in_the_cell_that_a_text_was_cut(tmp_path):
    path = write(tmp_path / "o.xlsx", [{"text": "x" * 40_000}], columns=("text",))
    [text] = texts_of(path)
    assert len(text) == 32_767
    assert text.endswith("(cut: an Excel cell holds 32,767 characters)")


def test_excel_refuses_more_rows_than_a_sheet_holds(tmp_path, monkeypatch):
    monkeypatch.setattr("rejectnlp.files.excel._MOST_ROWS", 2)
    with pytest.raises(OutputError, match=r"an Excel sheet holds 2 rows"):
        write(tmp_path / "o.xlsx", [{"a": "1"}, {"a": "2"}], columns=("a",))


def test_parquet_has_numbers_where_they_are_declared(tmp_path):
    rows = [{"id": n, "p": n / 4 or None} for n in range(25_000)]
    path = write(tmp_path / "o.parquet", rows, columns=("id", "p"), numeric={"p"})
    file = pq.read_table(path)
    assert [str(field.type) for field in file.schema] == ["string", "double"]
    assert file.to_pylist()[:2] == [{"id": "0", "p": None}, {"id": "1", "p": 0.25}]
    assert pq.ParquetFile(path).num_row_groups == 3


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_half_a_surrogate_pair_stops_no_writer(tmp_path, suffix):
    path = write(tmp_path / f"o{suffix}", [{"text": "a\ud83db"}], columns=("text",))
    assert texts_of(path) == ["a\ufffdb"]


def test_format_wins_over_suffix(tmp_path):
    path = write(tmp_path / "o.txt", [{"a": "1"}], columns=("a",), format="jsonl")
    assert path.read_text() == '{"a": "1"}\n'


def test_standard_output_is_jsonl_or_csv(capsysbinary):
    write(None, [{"a": "é"}], columns=("a",))
    write(None, [{"a": "é"}], columns=("a",), format="csv")
    assert capsysbinary.readouterr().out == '{"a": "é"}\na\né\n'.encode()


@pytest.mark.parametrize("format_name", ["parquet", "xlsx"])
def test_binary_formats_do_not_go_to_standard_output(format_name):
    with pytest.raises(
        UsageError, match=f"{format_name} cannot go to standard output. Name a file"
    ):
        open_writer(None, format_name, columns=["a"])


def test_unknown_formats_and_suffixes_are_refused(tmp_path):
    with pytest.raises(
        UsageError, match=r"no format 'cvs'. Did you mean 'csv'\? Known are csv, tsv"
    ):
        open_writer(None, "cvs", columns=["a"])
    with pytest.raises(UsageError, match=r"o.doc: has a suffix that says no format"):
        open_writer(tmp_path / "o.doc", None, columns=["a"])


# --- whole or not at all -----------------------------------------------------------------


def test_an_existing_target_is_kept_unless_forced(save):
    path = save("old")
    with pytest.raises(
        OutputError, match=r"exists already. Use --force to overwrite it, or another --out"
    ):
        open_writer(path, None, columns=["a"])
    assert path.read_text() == "old"
    write(path, [], columns=("a",), force=True)
    assert path.read_text() == "a\n"


def test_targets_that_cannot_be_are_refused_at_once(tmp_path, save, monkeypatch):
    with pytest.raises(OutputError, match=r"its folder does not exist. Make it first"):
        open_writer(tmp_path / "none" / "o.csv", None, columns=["a"])
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(OutputError, match=r"is a folder. Name a file in it"):
        open_writer(tmp_path / "d.csv", None, columns=["a"], force=True)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match=r"its folder may not be written to"):
        open_writer(tmp_path / "o.csv", None, columns=["a"])


def test_the_input_is_no_target_even_by_another_name(save, tmp_path):
    source = save("id,text\n")
    os.link(source, tmp_path / "hard.csv")
    (tmp_path / "soft.csv").symlink_to(source)
    for name in ("a.csv", "hard.csv", "soft.csv"):
        with pytest.raises(OutputError, match=r"is read as input. Use another --out"):
            open_writer(
                tmp_path / name, None, columns=["a"], inputs=[Path("-"), source], force=True
            )


def test_a_link_is_followed(save, tmp_path):
    target = save("old", "real.csv")
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    write(link, [], columns=("a",), force=True)
    assert link.is_symlink()
    assert target.read_text() == "a\n"


def test_the_file_is_private_hidden_and_unnamed_until_the_end(tmp_path):
    with open_writer(tmp_path / "o.csv", None, columns=["a"]) as writer:
        writer.write({"a": "1"})
        [part] = tmp_path.iterdir()
        assert part.name.startswith(".o.csv.")
        assert part.name.endswith(".part")
        assert part.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["o.csv"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(save, suffix, error):
    path = save("old", f"o{suffix}")

    def fail():
        with open_writer(path, None, columns=["a"], force=True) as writer:
            writer.write({"a": "1"})
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("call", ["fsync", "replace", "write"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(save, monkeypatch, suffix, call):
    def fill(*_, **__):
        raise OSError(28, "No space left on device")

    class Full(io.BufferedWriter):
        write = fill

    path = save("old", f"o{suffix}")
    if call == "write":
        monkeypatch.setattr(os, "fdopen", lambda number, _: Full(io.FileIO(number, "wb")))
    else:
        monkeypatch.setattr(os, call, fill)
    said = r"\(No space left on device\); nothing was written under the final name"
    with pytest.raises(OutputError, match=said):
        write(path, [{"a": "1"}], columns=("a",), force=True)
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("format_name", ["csv", "jsonl", "parquet", "xlsx"])
def test_a_full_device_is_said_and_stays_a_device(format_name):
    with pytest.raises(OutputError, match=r"No space left on device"):
        write(Path("/dev/full"), [{"a": "1"}], columns=("a",), format=format_name)
    assert Path("/dev/full").is_char_device()


def test_a_full_standard_output_is_said(monkeypatch):
    class Full(io.BytesIO):
        def write(self, _):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Full()))
    with pytest.raises(OutputError, match=r"standard output: .*the output is not complete"):
        write(None, [{"a": "1"}], columns=("a",))


def test_a_closed_pipe_is_left_to_the_caller(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    with io.FileIO(writing, "wb") as raw:
        monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=raw, flush=lambda: None))
        with pytest.raises(BrokenPipeError):
            write(None, [{"a": "1"}], columns=("a",))


def test_rows_set_aside_are_written_and_read_back(tmp_path):
    raw = '=2,"open\n\0'
    path = tmp_path / "o.bad.csv"
    assert write_bad_rows(path, [BadRow(2, "has 1 field, the header has 2", raw)]) == 1
    [row] = rows_of(path)
    reason = "has 1 field, the header has 2"
    assert row.values == {"row": "2", "reason": reason, "raw": "'=2,\"open\n\ufffd"}
    with pytest.raises(OutputError, match=r"exists already"):
        write_bad_rows(path, [])


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OutputError, match=r"Parquet needs: pip install 'rejectnlp\[parquet\]'"):
        write(tmp_path / "o.parquet", [])
    assert list(tmp_path.iterdir()) == []


def test_a_text_is_written_whole_or_not_at_all(save, monkeypatch):
    def fill(*_):
        raise OSError(28, "No space left on device")

    path = save("old", "a.json")
    with pytest.raises(OutputError, match=r"exists already"):
        write_text(path, "new")
    monkeypatch.setattr(os, "replace", fill)
    with pytest.raises(OutputError, match=r"No space left on device"):
        write_text(path, "new", force=True)
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]
