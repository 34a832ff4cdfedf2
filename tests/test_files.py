"""Tables and texts in: every format, encoding and fault."""

import gzip
import io
import json
import sys
import time
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rejectnlp.errors import DataError, UsageError
from rejectnlp.files import BadRow, Row, choose_id_column, choose_text_column, open_table, read_text

STORY = "They said “no”, and I don’t know why."


@pytest.fixture
def save(tmp_path):
    def save(content, name="a.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return save


@pytest.fixture
def feed(monkeypatch):
    def feed(content):
        stream = io.BufferedReader(
            content if isinstance(content, io.RawIOBase) else io.BytesIO(content)
        )
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))

    return feed


def rows_of(path):
    with open_table(path) as table:
        return list(table)


def texts_of(path, column="text"):
    return [row.values[column] for row in rows_of(path)]


def assumptions_of(path):
    with open_table(path) as table:
        list(table)
        return table.assumptions


# --- CSV: what is read -------------------------------------------------------------------


def test_plain_csv_gives_rows_with_numbers_and_says_nothing(save):
    path = save("id,text\na,one\nb,two\n")
    with open_table(path) as table:
        assert (table.name, table.columns) == ("a.csv", ("id", "text"))
        assert list(table) == [
            Row(1, {"id": "a", "text": "one"}),
            Row(2, {"id": "b", "text": "two"}),
        ]
        assert table.assumptions == ()


def test_a_header_alone_is_zero_rows(save):
    assert rows_of(save("id,text\n")) == []


def test_blank_lines_are_skipped_and_not_counted(save):
    rows = rows_of(save("\nid,text\n\n  \na,one\r\n\r\nb,two"))
    assert [(row.number, row.values["text"]) for row in rows] == [(1, "one"), (2, "two")]


def test_line_breaks_inside_quotes_are_kept(save):
    assert texts_of(save('id,text\r\n1,"a\r\nb\nc"\r\n')) == ["a\r\nb\nc"]


def test_lines_of_old_macs_are_read(save):
    assert texts_of(save("id,text\r1,one\r2,two\r")) == ["one", "two"]


@pytest.mark.parametrize(
    ("delimiter", "said"),
    [(";", "';'"), ("\t", "tabs"), ("|", "'|'")],
    ids=["semicolon", "tab", "pipe"],
)
def test_delimiters_are_found_and_said(save, delimiter, said):
    path = save(f"id{delimiter}text\n1{delimiter}well, yes, no\n2{delimiter}so, so\n")
    assert texts_of(path) == ["well, yes, no", "so, so"]
    assert assumptions_of(path) == (f"columns separated by {said}",)


def test_semicolons_inside_stories_do_not_become_delimiters(save):
    path = save('id,text,year\n1,"a; b; c",2020\n2,"d; e; f",2021\n')
    assert texts_of(path) == ["a; b; c", "d; e; f"]


def test_a_separator_line_of_excel_is_obeyed(save):
    path = save("sep=;\nid;text\n1;a,b\n")
    assert rows_of(path) == [Row(1, {"id": "1", "text": "a,b"})]


def test_one_column_without_delimiter_holds_the_whole_line(save):
    path = save('text\nwell, no; never\n"quoted, too"\n', "a.txt")
    assert texts_of(path) == ["well, no; never", "quoted, too"]
    assert assumptions_of(path) == ("one column",)


def test_tsv_with_tabs_says_nothing(save):
    path = save("id\ttext\n1\ta,b\n", "a.tsv")
    assert texts_of(path) == ["a,b"]
    assert assumptions_of(path) == ()


def test_tsv_without_quoting_keeps_its_quotes(save):
    path = save('id\ttext\n1\t"No" they said\n2\t"Never\n3\tfine\n', "a.tsv")
    assert texts_of(path) == ['"No" they said', '"Never', "fine"]


def test_a_column_without_name_is_named_by_its_place(save):
    with open_table(save(",text\n0,one\n")) as table:
        assert table.columns == ("column 1", "text")


def test_a_line_of_ten_megabytes_is_read(save):
    story = "no answer " * 1_000_000
    assert texts_of(save(f"id,text\n1,{story}\n2,short\n")) == [story, "short"]


def test_gzip_is_unpacked(save):
    path = save(gzip.compress(b"id,text\n1,one\n"), "a.csv.gz")
    assert texts_of(path) == ["one"]


def test_leaving_the_table_closes_its_file(save, monkeypatch):
    path, opened = save("id,text\n1,one\n2,two\n"), []
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda *a, **k: opened.append(real(*a, **k)) or opened[-1])
    with open_table(path) as table:
        next(iter(table))
        assert not opened[0].closed
    assert opened[0].closed


# --- encodings ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "mark", "said"),
    [
        ("utf-8", b"", ()),
        ("utf-8-sig", b"", ()),
        ("utf-16-le", b"\xff\xfe", ("read as UTF-16",)),
        ("utf-16-be", b"\xfe\xff", ("read as UTF-16",)),
        ("utf-16-le", b"", ("read as UTF-16",)),
        ("utf-16-be", b"", ("read as UTF-16",)),
        ("utf-32", b"", ("read as UTF-32",)),
        ("cp1252", b"", ("read as Windows-1252",)),
    ],
)
def test_encodings_are_found_and_said(save, encoding, mark, said):
    path = save(mark + f'id,text\n1,"{STORY}"\n'.encode(encoding))
    assert rows_of(path) == [Row(1, {"id": "1", "text": STORY})]
    assert assumptions_of(path) == said


def test_encoding_and_delimiter_are_said_in_one_sentence(save):
    path = save(f"id;text\n1;{STORY}\n".encode("cp1252"))
    assert assumptions_of(path) == ("read as Windows-1252, columns separated by ';'",)


def test_bytes_that_windows_leaves_undefined_do_not_stop_reading(save):
    assert texts_of(save(b"id,text\n1,don\x92t \x81\n")) == ["don’t \ufffd"]


def test_a_late_stray_byte_is_read_as_windows_and_counted(save):
    start = "id,text\n" + "0,é\n" * 20_000
    path = save(start.encode() + b"1,don\x92t\n2,caf\xc3\xa9\n")
    assert texts_of(path)[-2:] == ["don’t", "café"]
    assert assumptions_of(path) == ("bytes that are not UTF-8 in 1 line read as Windows-1252",)


def test_an_early_stray_byte_does_not_spoil_a_utf_8_file(save):
    path = save("id,text\n0,déjà vu à côté\n".encode() + b"1,don\x92t\n")
    assert texts_of(path) == ["déjà vu à côté", "don’t"]


def test_a_character_across_the_first_64_kb_stays_whole(save):
    path = save("id,text\n1," + "x" * (65_535 - 10) + "é’\n")
    assert assumptions_of(path) == ()
    assert texts_of(path)[0].endswith("xé’")


# --- CSV: what is set aside --------------------------------------------------------------


def test_uneven_records_are_set_aside_in_their_place(save):
    rows = rows_of(save("a,b,c\n1,2,3,4,5\n1,2,3\n1\n"))
    assert rows == [
        BadRow(1, "has 5 fields, the header has 3", "1,2,3,4,5"),
        Row(2, {"a": "1", "b": "2", "c": "3"}),
        BadRow(3, "has 1 field, the header has 3", "1"),
    ]


def test_a_nul_sets_its_row_aside(save):
    rows = rows_of(save(b"id,text\n1,a\0b\n2,fine\n"))
    assert rows[0] == BadRow(1, "contains a NUL character", "1,a\0b")
    assert isinstance(rows[1], Row)


def test_a_quote_left_open_to_the_end_costs_one_row(save):
    rows = rows_of(save('id,text\n1,one\n2,"open\n3,three\n4,four\n'))
    assert [row.number for row in rows] == [1, 2, 3, 4]
    assert isinstance(rows[1], BadRow)
    assert rows[1].raw == '2,"open'
    assert "opened in line 3" in rows[1].reason
    assert [row.values["text"] for row in (rows[0], *rows[2:])] == ["one", "three", "four"]


def test_a_quote_left_open_before_a_quoted_row_costs_one_row(save):
    # csv without strict would join both lines to one row of two fields, and say nothing.
    rows = rows_of(save('id,text\n1,"open\n2,"closed"\n'))
    assert isinstance(rows[0], BadRow)
    assert rows[1] == Row(2, {"id": "2", "text": "closed"})


def test_a_quote_open_for_a_thousand_lines_costs_one_row(save):
    lines = "".join(f"{n},fine\n" for n in range(1_500))
    rows = rows_of(save(f'id,text\nx,"open\n{lines}y,"closed"\n'))
    assert len(rows) == 1_502
    assert [type(row) for row in rows].count(BadRow) == 1


def test_a_record_uneven_over_lines_says_which(save):
    [bad] = rows_of(save('a,b\n1,"x\ny",z\n'))
    assert bad.reason.startswith("has 3 fields, the header has 2, over lines 2 to 3")


def test_a_quote_that_is_not_doubled_sets_its_row_aside(save):
    rows = rows_of(save('id,text\n1,"they said "no" to me"\n2,fine\n'))
    assert rows[0].reason == "has a quote inside a quoted field that is not doubled"
    assert isinstance(rows[1], Row)


def test_quotes_left_open_everywhere_stop_with_the_line(save, monkeypatch):
    monkeypatch.setattr("rejectnlp.files.delimited._MOST_UNCLOSED", 5)
    with pytest.raises(DataError, match=r"quotes open in more than 5 rows, last in line 7"):
        rows_of(save("id,text\n" + 'a"b,"\n' * 10))


def test_an_unclosed_header_is_refused(save):
    with pytest.raises(DataError, match=r"header has a quote, opened in line 1"):
        open_table(save('id,"text\n1,one\n'))


def test_a_line_without_end_is_refused(save, monkeypatch):
    monkeypatch.setattr("rejectnlp.files.encodings.LONGEST_LINE", 100)
    with pytest.raises(DataError, match=r"line 2 has more than 100 characters"):
        rows_of(save("id,text\n1," + "x" * 200))


def test_messages_never_hold_the_text_of_a_row(save):
    rows = rows_of(save('id,text\n1,"SECRET\n2,SECRET,SECRET\n3,SECRET\0\n4,"SECRET"SECRET\n'))
    assert all(isinstance(row, BadRow) and "SECRET" not in row.reason for row in rows)


# --- JSONL -------------------------------------------------------------------------------


def test_jsonl_values_become_text(save):
    line = {"s": "a", "n": 1, "f": 0.5, "b": True, "x": None, "l": [1, "é"]}
    [row] = rows_of(save(json.dumps(line), "a.jsonl"))
    assert row.values == {"s": "a", "n": "1", "f": "0.5", "b": "true", "x": "", "l": '[1, "é"]'}


def test_jsonl_keeps_keys_of_later_rows(save):
    path = save('{"text": "a"}\n{"text": "b", "more": "c"}\n', "a.ndjson")
    with open_table(path) as table:
        assert table.columns == ("text",)
        assert list(table)[1] == Row(2, {"text": "b", "more": "c"})


def test_jsonl_lines_that_are_no_objects_are_set_aside(save):
    lines = [
        '{"text": "torn',
        "[1]",
        '{"text": "a"}',
        "",
        "3",
        "[" * 100_000,
        '{"n": 1' + "0" * 5_000,
    ]
    rows = rows_of(save("\n".join(lines) + "}", "a.jsonl"))
    assert [type(row) for row in rows] == [BadRow, BadRow, Row, BadRow, BadRow, BadRow]
    assert rows[0].reason.startswith("is not JSON (Unterminated string")
    assert rows[1] == BadRow(2, "is not a JSON object", "[1]")
    assert "too many brackets" in rows[4].reason
    assert "too large a number" in rows[5].reason


def test_jsonl_nul_is_set_aside_and_half_a_pair_replaced(save):
    rows = rows_of(save('{"text": "a\\u0000"}\n{"text": "\\ud83d!"}\n', "a.jsonl"))
    assert rows[0].reason == "contains a NUL character"
    assert rows[1].values["text"] == "\ufffd!"


def test_jsonl_stray_bytes_are_read_as_windows(save):
    path = save('{"text": "ééé"}\n'.encode() + b'{"text": "don\x92t"}\n', "a.jsonl")
    assert texts_of(path) == ["ééé", "don’t"]


def test_a_json_array_is_refused_with_the_way_out(save):
    with pytest.raises(DataError, match=r"one JSON array, not an object a line.*jq -c"):
        open_table(save('[{"text": "a"},\n{"text": "b"}]', "a.json"))


def test_json_over_several_lines_is_refused(save):
    with pytest.raises(DataError, match=r"no line that is a JSON object"):
        open_table(save('{\n  "text": "a"\n}\n', "a.json"))


# --- standard input ----------------------------------------------------------------------


def test_standard_input_is_csv_or_jsonl(feed):
    feed(b"id;text\n1;one\n")
    with open_table("-") as table:
        assert table.name == "standard input"
        assert [row.values["text"] for row in table] == ["one"]
    feed(b'\n {"text": "two"}\n')
    assert texts_of(Path("-")) == ["two"]


def test_standard_input_stays_open(feed):
    feed(b"id,text\n1,one\n")
    rows_of("-")
    assert not sys.stdin.buffer.closed


def test_packed_standard_input_is_refused(feed):
    feed(gzip.compress(b"id,text\n"))
    with pytest.raises(DataError, match=r"standard input: seems to be packed with gzip"):
        open_table("-")


def test_endless_input_is_read_as_a_stream(feed):
    class Endless(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            chunk = (b"text,x\n" * 20_000)[: len(buffer) // 7 * 7]
            buffer[: len(chunk)] = chunk
            return len(chunk)

    feed(Endless())
    with open_table("-") as table:
        assert [next(iter(table)).number for _ in range(30_000)][-1] == 30_000


# --- files that are not tables -----------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "a.csv: is empty"),
        (b"\xef\xbb\xbf\n\n", "a.csv: is empty"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        (b"PK\x03\x04....", "a zip or an Excel workbook. Rename a workbook to .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", r"an old Excel \(.xls\) or locked workbook. Save it as CSV"),
        (b"\x1f\x8b\x08", r"packed with gzip. Let its name end in .csv.gz"),
        (b"PAR1....", "Parquet. Rename it to .parquet"),
        (b"{\\rtf1 They said no.", "an RTF document. Save it as plain text"),
        (bytes(range(256)) * 9, "binary data"),
        (b"<!DOCTYPE html><table>", "a web page or XML"),
    ],
)
def test_files_under_a_wrong_name_are_named(save, content, said):
    with pytest.raises(DataError, match=said):
        open_table(save(content))


def test_columns_of_the_same_name_are_named(save):
    with pytest.raises(DataError, match=r"columns of the same name: text, id. Rename"):
        open_table(save("text,id,text,id,x\n"))


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"is a folder, not a file"):
        open_table(tmp_path)


def test_a_missing_file_suggests_its_neighbour(save):
    path = save("id,text\n", "accounts.csv")
    with pytest.raises(
        UsageError, match=r"acounts.csv: no such file. Did you mean 'accounts.csv'\?"
    ):
        open_table(path.with_name("acounts.csv"))


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(UsageError, match=r"no such file. Its folder cannot be read either"):
        open_table(tmp_path / "none" / "a.csv")


def test_a_file_without_permission_is_said(save, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    path = save("id,text\n")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"a.csv: may not be read by you. Ask its owner"):
        open_table(path)


@pytest.mark.parametrize("name", ["a.doc", "a", "a.gz", "a.xlsx.gz"])
def test_an_unknown_suffix_lists_the_known(save, name):
    with pytest.raises(UsageError, match=r"says no format. Known are .csv, .tsv"):
        open_table(save("id,text\n", name))


@pytest.mark.parametrize(
    "content", [b"id,text\n", gzip.compress(b"id,text\n" * 999)[:30]], ids=["no-gzip", "cut-off"]
)
def test_damaged_gzip_is_refused(save, content):
    with pytest.raises(DataError, match=r"cut off, damaged or not gzip"):
        rows_of(save(content, "a.csv.gz"))


# --- Excel and Parquet -------------------------------------------------------------------


def save_workbook(path, *sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Sheet {number}")
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def save_hostile_sheet(path, sheet_xml):
    """A workbook whose first sheet's XML is replaced."""
    whole = save_workbook(path.with_name("whole.xlsx"), [["text"]])
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            is_sheet = name == "xl/worksheets/sheet1.xml"
            new.writestr(name, sheet_xml if is_sheet else old.read(name))
    return path


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</worksheet>'
)


def cell(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def test_excel_cells_are_read_as_people_see_them(tmp_path):
    from datetime import date, datetime

    values = [1.0, 0.1 + 0.2, 7, True, date(2026, 1, 2), datetime(2026, 1, 2, 3, 4), None, "x"]
    path = save_workbook(tmp_path / "a.xlsx", [list("abcdefgh"), values])
    [row] = rows_of(path)
    seen = ["1", "0.3", "7", "TRUE", "2026-01-02", "2026-01-02 03:04:00", "", "x"]
    assert list(row.values.values()) == seen


def test_excel_takes_the_first_sheet_and_says_so(tmp_path):
    path = save_workbook(tmp_path / "a.xlsx", [["text"], ["one"]], [["text"], ["two"]])
    assert texts_of(path) == ["one"]
    assert assumptions_of(path) == ("read the first of 2 sheets, 'Sheet 1'",)


def test_excel_pads_short_rows_and_sets_long_ones_aside(tmp_path):
    sheet = [["id", "text", None], ["1"], [], ["2", "b", "c"], ["3", "d", None]]
    rows = rows_of(save_workbook(tmp_path / "a.xlsx", sheet))
    assert rows == [
        Row(1, {"id": "1", "text": ""}),
        BadRow(2, "has 3 fields, the header has 2", '["2", "b", "c"]'),
        Row(3, {"id": "3", "text": "d"}),
    ]


def test_an_empty_workbook_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"is empty on its first sheet"):
        open_table(save_workbook(tmp_path / "a.xlsx", []))


def test_a_cell_in_the_last_corner_is_read_quickly(tmp_path):
    rows = f'<row r="1">{cell("A1", "text")}</row><row r="1048576">{cell("XFD1048576", "x")}</row>'
    xml = SHEET.format(f'<dimension ref="A1:XFD1048576"/><sheetData>{rows}</sheetData>')
    start = time.perf_counter()
    [bad] = rows_of(save_hostile_sheet(tmp_path / "a.xlsx", xml))
    assert bad.reason == "has 16384 fields, the header has 1"
    assert time.perf_counter() - start < 5


def test_a_row_number_without_end_does_not_hang(tmp_path):
    rows = f'<row r="1">{cell("A1", "text")}</row><row r="{10**15}"><c r="A1"/></row>'
    path = save_hostile_sheet(tmp_path / "a.xlsx", SHEET.format(f"<sheetData>{rows}</sheetData>"))
    assert rows_of(path) == []


def test_a_zip_bomb_is_refused_before_it_is_opened(tmp_path):
    path = save_hostile_sheet(tmp_path / "a.xlsx", SHEET.format(" " * 20_000_000))
    with pytest.raises(DataError, match=r"would unpack to 20 MB"):
        open_table(path)


def test_a_workbook_that_unpacks_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("rejectnlp.files.excel._LARGEST_WORKBOOK", 100)
    with pytest.raises(DataError, match=r"would unpack to"):
        open_table(save_workbook(tmp_path / "a.xlsx", [["text"]]))


@pytest.mark.parametrize(
    "xml",
    [
        "not xml",
        SHEET.format(f'<sheetData><row r="x">{cell("A1", "a")}</row></sheetData>'),
        SHEET.format('<sheetData><row><c r="A1" t="s"><v>99</v></c></row></sheetData>'),
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + SHEET.format("&b;"),
    ],
    ids=["torn", "row-number", "string-number", "entities"],
)
def test_a_damaged_or_hostile_sheet_is_refused(tmp_path, xml):
    with pytest.raises(DataError, match=r"a.xlsx: is a damaged workbook"):
        rows_of(save_hostile_sheet(tmp_path / "a.xlsx", xml))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id,text\n", "is not an Excel workbook but text"),
        (b"\xd0\xcf\x11\xe0", "old Excel"),
        (b"PK\x03\x04 torn", "damaged workbook"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_workbook_is_refused(save, content, said):
    with pytest.raises(DataError, match=said):
        open_table(save(content, "a.xlsx"))


def test_a_zip_that_is_no_workbook_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(DataError, match=r"is a damaged workbook"):
        open_table(tmp_path / "a.xlsx")


def test_parquet_values_become_text(tmp_path):
    table = pa.table({"text": ["a", None], "n": [1, 2], "b": [b"\xe9", b"b"], "l": [[1], []]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert rows_of(tmp_path / "a.parquet") == [
        Row(1, {"text": "a", "n": "1", "b": "\ufffd", "l": "[1]"}),
        Row(2, {"text": "", "n": "2", "b": "b", "l": "[]"}),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"PAR1 torn PAR1", "damaged Parquet"), (b"id,text\n", "not Parquet but text")],
)
def test_what_is_no_parquet_is_refused(save, content, said):
    with pytest.raises(DataError, match=said):
        open_table(save(content, "a.parquet"))


def test_parquet_damaged_inside_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"story {n}" for n in range(999)]}), path)
    content = bytearray(path.read_bytes())
    content[4:2_000] = b"\xff" * 1_996
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"is damaged after row 0"):
        rows_of(path)


def test_parquet_without_pyarrow_says_what_to_install(save, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match=r"Parquet needs: pip install 'rejectnlp\[parquet\]'"):
        open_table(save(b"PAR1", "a.parquet"))


# --- columns and whole texts -------------------------------------------------------------


def test_a_usual_name_is_taken_for_the_text_in_their_order():
    assert choose_text_column(["Comment", "STORY", "x"], None) == "STORY"


def test_a_wanted_column_is_found_exactly_first_then_in_any_case():
    assert choose_text_column(["Note", "note"], "note") == "note"
    assert choose_id_column(["Nr", "text"], "nr") == "Nr"


def test_an_unknown_column_suggests_the_near_one_and_lists_all():
    with pytest.raises(
        UsageError, match=r"no column 'stroy'. Did you mean 'story'\? Columns: id, story"
    ):
        choose_text_column(["id", "story"], "stroy")
    with pytest.raises(UsageError, match=r"no column 'nr'"):
        choose_id_column(["id"], "nr")


def test_no_usual_name_asks_for_the_text_column():
    with pytest.raises(UsageError, match=r"which column holds the text.*a, b; use --text-column"):
        choose_text_column(["a", "b"], None)


def test_a_story_in_place_of_a_header_is_not_shown_whole():
    with pytest.raises(UsageError) as caught:
        choose_text_column(["They \x1b[31m said no and " * 9, "b"], None)
    assert len(str(caught.value)) < 150
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_whole_text_is_read_in_any_encoding(save, encoding):
    assert read_text(save(f"{STORY}\r\nYes.".encode(encoding), "a.txt")) == f"{STORY}\nYes."


def test_a_whole_text_is_read_from_standard_input(feed):
    feed(b"oh\n")
    assert read_text("-") == "oh\n"


def test_a_whole_text_beyond_the_limit_is_refused(save):
    assert read_text(save(b"x" * 10), largest=10) == "x" * 10
    with pytest.raises(DataError, match=r"is larger than 9 bytes"):
        read_text(save(b"x" * 10), largest=9)


def test_a_whole_text_that_is_binary_or_missing_is_refused(save, tmp_path):
    with pytest.raises(DataError, match=r"a PDF"):
        read_text(save(b"%PDF-", "a.txt"))
    with pytest.raises(UsageError, match=r"no such file"):
        read_text(tmp_path / "none.txt")
