"""Files tagged as people ask for it: several, whole or not at all, and gone on with."""

import csv
import gzip
import importlib.machinery
import importlib.util
import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rejectnlp.cli import app
from rejectnlp.errors import DataError, OutputError, UsageError
from rejectnlp.files import LongWriter, resuming
from rejectnlp.inputs import Wanted
from rejectnlp.perfile import predict_each
from rejectnlp.prediction import Manner, predict_files
from rejectnlp.settings import SETTINGS

FAULTS = Path(__file__).parent.parent / ".ci" / "faults"


@pytest.fixture(scope="module")
def faults():
    loader = importlib.machinery.SourceFileLoader("faults", str(FAULTS))
    spec = importlib.util.spec_from_loader("faults", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def two(tmp_path):
    (tmp_path / "a.csv").write_text("id,story,town\n1,He yawned and was rude.,Leeds\n2,Bye.,York\n")
    (tmp_path / "b.jsonl").write_text(
        '{"id": "2", "text": "She was rude."}\n{"id": "3", "text": "No idea why."}\n'
    )
    return tmp_path


@pytest.fixture
def many(tmp_path):
    rows = [f"{n},He yawned {n} times and was rude." for n in range(1_000)]
    rows[300] = "too,many,fields"
    path = tmp_path / "many.csv"
    path.write_text("\n".join(["id,text", *rows]) + "\n")
    return path


@pytest.fixture
def journals(monkeypatch):
    """Journal after every chunk, as if each took long."""
    monkeypatch.setitem(SETTINGS.__dict__, "journal_seconds", 0.0)


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


class Stop:
    """Watches rows, and raises after some of them."""

    def __init__(self, n, error=KeyboardInterrupt):
        self.n, self.error, self.n_before = n, error, None

    def __call__(self, rows, share_read, n_before):
        self.n_before = n_before
        for i, row in enumerate(rows):
            if i == self.n:
                raise self.error
            yield row


# --- several files -----------------------------------------------------------------------


def test_several_files_become_one_and_each_row_names_its_file(two, tiny_tagger):
    said = []
    out = two / "all.csv"
    sources = [two / "a.csv", two / "*.jsonl"]
    summary = predict_files(
        sources, tiny_tagger, out, Manner(Wanted(keep=("town",))), report=said.append
    )
    assert summary.n_tagged == 4
    rows = rows_of(out)
    assert [(row["id"], Path(row["file"]).name, row["town"]) for row in rows] == [
        ("1", "a.csv", "Leeds"),
        ("2", "a.csv", "York"),
        ("2", "b.jsonl", ""),
        ("3", "b.jsonl", ""),
    ]
    assert "b.jsonl: has no column town: left empty" in said
    assert "1 rows have an id of another file; the column `file` tells them apart" in said


def test_one_file_gets_no_column_that_names_it(two, tiny_tagger):
    predict_files([two / "a.*"], tiny_tagger, two / "o.csv")
    assert "file" not in rows_of(two / "o.csv")[0]


def test_a_column_that_no_file_has_cannot_be_kept(two, tiny_tagger):
    with pytest.raises(UsageError, match=r"no column 'twon'. Did you mean 'town'"):
        predict_files([two / "*.*"], tiny_tagger, None, Manner(Wanted(keep=("twon",))))


def test_all_files_are_looked_into_before_any_is_tagged(two, tiny_tagger):
    (two / "z.csv").write_text("nr,what\n1,x\n")
    with pytest.raises(UsageError, match=r"z.csv: which column holds the text"):
        predict_files([two / "*.csv"], tiny_tagger, two / "o.csv")
    assert names_in(two) == ["a.csv", "b.jsonl", "z.csv"]


def test_a_pattern_without_a_file_is_an_error(two, tiny_tagger):
    with pytest.raises(UsageError, match=r"\*.tsv: matches no file"):
        predict_files([two / "a.csv", two / "*.tsv"], tiny_tagger)


def test_standard_input_stands_alone(two, tiny_tagger):
    with pytest.raises(UsageError, match="standard input cannot be read beside files"):
        predict_files(["-", two / "a.csv"], tiny_tagger)


def test_a_file_named_twice_is_read_once_and_said(two, tiny_tagger):
    said = []
    predict_files([two / "a.csv", two / "*.csv"], tiny_tagger, two / "o.tsv", report=said.append)
    assert any("named twice and read once" in message for message in said)
    assert len((two / "o.tsv").read_text().splitlines()) == 3


def test_a_packed_output_holds_the_same_and_is_the_same_each_time(two, tiny_tagger):
    for name in ("1.csv", "2.csv.gz", "3.csv.gz"):
        predict_files([two / "a.csv"], tiny_tagger, two / name)
    assert gzip.decompress((two / "2.csv.gz").read_bytes()) == (two / "1.csv").read_bytes()
    assert (two / "2.csv.gz").read_bytes() == (two / "3.csv.gz").read_bytes()
    with pytest.raises(UsageError, match=r"parquet is not packed once more. Leave the .gz out"):
        predict_files([two / "a.csv"], tiny_tagger, two / "o.parquet.gz")


def test_a_folder_gets_a_file_for_each(two, tiny_tagger):
    summary = predict_each([two / "a.csv", two / "b.jsonl"], tiny_tagger, two / "out")
    assert summary.n_tagged == 4
    assert names_in(two / "out") == ["a.csv", "b.jsonl"]
    predict_each([two / "*.*"], tiny_tagger, two / "flat", Manner(format="tsv"))
    assert names_in(two / "flat") == ["a.tsv", "b.tsv"]
    (two / "a.tsv").write_text("text\nx\n")
    with pytest.raises(UsageError, match=r"a.csv and .*a.tsv would both become"):
        predict_each([two / "a.*"], tiny_tagger, two / "out", Manner(format="csv"))


def test_a_folder_is_gone_on_with_where_it_was_left(two, tiny_tagger, journals):
    sources = [two / "a.csv", two / "b.jsonl"]
    predict_each(sources, tiny_tagger, two / "whole")
    with pytest.raises(KeyboardInterrupt):
        predict_each(sources, tiny_tagger, two / "out", watch=_StopAtFile(1))
    assert names_in(two / "out") == [".rejectnlp.journal", "a.csv"]
    # Killed between the last name and its note in the journal:
    journal = json.loads((two / "out" / ".rejectnlp.journal").read_text())
    journal |= {"at": str(two / "a.csv"), "done": {}}
    (two / "out" / ".rejectnlp.journal").write_text(json.dumps(journal))
    summary = predict_each(sources, tiny_tagger, two / "out", resume=True)
    assert summary.n_tagged == 4
    assert names_in(two / "out") == ["a.csv", "b.jsonl"]
    for name in names_in(two / "out"):
        assert (two / "out" / name).read_bytes() == (two / "whole" / name).read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        predict_each(sources, tiny_tagger, two / "out", resume=True)


def test_a_folder_gone_on_with_overwrites_nothing_of_anybody_else(two, tiny_tagger):
    (two / "out").mkdir()
    (two / "out" / "a.csv").write_text("mine")
    for _ in range(3):
        with pytest.raises(OutputError, match="exists already"):
            predict_each([two / "a.csv"], tiny_tagger, two / "out", resume=True)
    assert (two / "out" / "a.csv").read_text() == "mine"


class _StopAtFile:
    def __init__(self, n):
        self.n = n

    def __call__(self, rows, share_read, n_before):
        if self.n == 0:
            raise KeyboardInterrupt
        self.n -= 1
        return rows


# --- strict ------------------------------------------------------------------------------


def test_strict_stops_at_the_first_bad_row_and_leaves_nothing(many, tiny_tagger, journals):
    with pytest.raises(DataError, match=r"many.csv, row 301: has 3 fields, the header has 2"):
        predict_files([many], tiny_tagger, many.with_name("o.csv"), Manner(is_strict=True))
    assert names_in(many.parent) == ["many.csv"]


# --- gone on with ------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet", "csv.gz"])
def test_an_interrupted_run_is_gone_on_with_to_the_same_bytes(many, tiny_tagger, journals, suffix):
    whole, out = many.with_name(f"whole.{suffix}"), many.with_name(f"o.{suffix}")
    expected = predict_files([many], tiny_tagger, whole)
    for n in (600, 0, 200):
        with pytest.raises(KeyboardInterrupt) as caught:
            predict_files([many], tiny_tagger, out, resume=True, watch=Stop(n))
        assert caught.value.__notes__ == ["Go on with the same command and --resume."]
        assert not out.exists()
    said, watch = [], Stop(-1)
    summary = predict_files([many], tiny_tagger, out, resume=True, report=said.append, watch=watch)
    assert watch.n_before == 512
    assert "going on after 512 rows" in said
    assert out.read_bytes() == whole.read_bytes()
    assert out.with_name(f"{out.name}.bad.csv").read_bytes() == (
        whole.with_name(f"{whole.name}.bad.csv").read_bytes()
    )
    assert summary.n_bad == expected.n_bad == 1
    assert summary.bad_rows == expected.bad_rows
    assert summary.n_tagged == expected.n_tagged == 999
    assert summary.n_unexplained == expected.n_unexplained
    assert not [name for name in names_in(many.parent) if name.startswith(".")]


def test_a_workbook_is_gone_on_with_to_the_same_cells(many, tiny_tagger, journals):
    import openpyxl

    whole, out = many.with_name("whole.xlsx"), many.with_name("o.xlsx")
    predict_files([many], tiny_tagger, whole)
    with pytest.raises(KeyboardInterrupt):
        predict_files([many], tiny_tagger, out, watch=Stop(600))
    predict_files([many], tiny_tagger, out, resume=True)
    read = [
        list(openpyxl.load_workbook(p).active.iter_rows(values_only=True)) for p in (whole, out)
    ]
    assert read[0] == read[1]


def test_several_files_are_gone_on_with_in_the_right_one(two, tiny_tagger, journals, monkeypatch):
    monkeypatch.setitem(SETTINGS.__dict__, "batch_size", 1)
    sources = [two / "a.csv", two / "b.jsonl"]
    predict_files(sources, tiny_tagger, two / "whole.tsv")
    with pytest.raises(KeyboardInterrupt):
        predict_files(sources, tiny_tagger, two / "o.tsv", watch=Stop(3))
    said = []
    predict_files(sources, tiny_tagger, two / "o.tsv", resume=True, report=said.append)
    assert "going on after 3 rows" in said
    assert any(message.startswith("1 rows have an id of another") for message in said)
    assert (two / "o.tsv").read_bytes() == (two / "whole.tsv").read_bytes()


def test_a_run_with_something_else_is_not_gone_on_with(many, tiny_tagger, journals):
    out = many.with_name("o.csv")
    with pytest.raises(KeyboardInterrupt):
        predict_files([many], tiny_tagger, out, watch=Stop(600))
    before = {name: (many.parent / name).read_bytes() for name in names_in(many.parent)}
    other = Manner(Wanted(id_column="id"), redacts=True)
    said = "begun with another --id-column, another --redact. Start again without --resume"
    with pytest.raises(OutputError, match=said):
        predict_files([many], tiny_tagger, out, other, resume=True)
    assert {name: (many.parent / name).read_bytes() for name in names_in(many.parent)} == before
    many.write_text(many.read_text().replace("999", "998"))
    with pytest.raises(OutputError, match=r"begun with another content of .*many.csv. Start"):
        predict_files([many], tiny_tagger, out, resume=True)


def test_a_run_that_is_begun_anew_says_what_it_removes(many, tiny_tagger, journals):
    out, said = many.with_name("o.csv"), []
    with pytest.raises(KeyboardInterrupt):
        predict_files([many], tiny_tagger, out, watch=Stop(600))
    predict_files([many], tiny_tagger, out, report=said.append)
    assert (
        f"{out}: an unfinished run's part was removed; --resume would have gone on with it" in said
    )
    assert len(rows_of(out)) == 999


def test_resume_without_an_unfinished_run_begins_at_the_beginning(many, tiny_tagger):
    out, said = many.with_name("o.csv"), []
    predict_files([many], tiny_tagger, out, resume=True, report=said.append)
    assert any("there is no unfinished run to go on with" in message for message in said)
    with pytest.raises(OutputError, match="exists already"):
        predict_files([many], tiny_tagger, out, resume=True)


def test_resume_needs_files_and_a_named_output(many, tiny_tagger):
    with pytest.raises(UsageError, match=r"--resume: there is nothing to go on with"):
        predict_files([many], tiny_tagger, None, resume=True)


@pytest.mark.parametrize("step", ["o.csv.bad.csv", "o.csv", "no more journal"])
def test_a_run_killed_at_its_very_end_is_finished(many, tiny_tagger, journals, monkeypatch, step):
    whole, out = many.with_name("whole.csv"), many.with_name("o.csv")
    predict_files([many], tiny_tagger, whole)
    replace, remove, removed = os.replace, resuming.remove_journal, []

    def replace_or_die(source, target):
        if Path(target).name == step:
            raise SystemExit(9)
        replace(source, target)

    def remove_or_die(path):
        removed.append(path)
        if step == "no more journal" and len(removed) == 2:  # The first time is the beginning.
            raise SystemExit(9)
        remove(path)

    with monkeypatch.context() as patch:
        # As SIGKILL: nothing is tidied up.
        patch.setattr(LongWriter, "_stop", lambda self, error: self._stream.close())
        patch.setattr(os, "replace", replace_or_die)
        patch.setattr(resuming, "remove_journal", remove_or_die)
        with pytest.raises(SystemExit):
            predict_files([many], tiny_tagger, out)
    assert out.with_name(".o.csv.journal").exists()
    summary = predict_files([many], tiny_tagger, out, resume=True)
    assert summary.n_tagged == 999
    assert summary.n_bad == 1
    assert out.read_bytes() == whole.read_bytes()
    assert out.with_name("o.csv.bad.csv").exists()
    assert not [name for name in names_in(many.parent) if name.startswith(".")]


def test_the_journal_holds_no_story_and_all_traces_are_private(many, tiny_tagger, journals):
    out = many.with_name("o.csv")
    with pytest.raises(KeyboardInterrupt):
        predict_files([many], tiny_tagger, out, watch=Stop(600))
    traces = [many.parent / name for name in names_in(many.parent) if name.startswith(".")]
    assert [path.name for path in traces] == [
        ".o.csv.bad.csv.part",
        ".o.csv.journal",
        ".o.csv.part",
    ]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in traces)
    assert "yawned" not in (many.parent / ".o.csv.journal").read_text()
    assert "too,many" not in (many.parent / ".o.csv.journal").read_text()


def test_a_short_run_keeps_no_part(many, tiny_tagger):
    with pytest.raises(KeyboardInterrupt) as caught:
        predict_files([many], tiny_tagger, many.with_name("o.csv"), watch=Stop(600))
    assert not hasattr(caught.value, "__notes__")
    assert names_in(many.parent) == ["many.csv"]


def test_a_damaged_journal_or_part_is_said(many, tiny_tagger, journals):
    out = many.with_name("o.csv")
    with pytest.raises(KeyboardInterrupt):
        predict_files([many], tiny_tagger, out, watch=Stop(600))
    part, journal = out.with_name(".o.csv.part"), out.with_name(".o.csv.journal")
    part.write_bytes(b"")
    with pytest.raises(
        OutputError, match=r"the part of its unfinished run is damaged. Start again"
    ):
        predict_files([many], tiny_tagger, out, resume=True)
    journal.write_text("{")
    with pytest.raises(OutputError, match=r"the journal of its unfinished run is damaged. Start"):
        predict_files([many], tiny_tagger, out, resume=True)
    predict_files([many], tiny_tagger, out)
    assert len(rows_of(out)) == 999


def test_a_clock_set_back_changes_nothing(many, tiny_tagger, journals, monkeypatch):
    whole, out = many.with_name("whole.csv"), many.with_name("o.csv")
    predict_files([many], tiny_tagger, whole)
    with pytest.raises(KeyboardInterrupt):
        predict_files([many], tiny_tagger, out, watch=Stop(600))
    for path in many.parent.glob(".o.csv*"):
        os.utime(path, (2_000_000_000, 2_000_000_000))  # written "later" than now
    monkeypatch.setattr(time, "time", lambda: 0.0)
    predict_files([many], tiny_tagger, out, resume=True)
    assert out.read_bytes() == whole.read_bytes()


# --- faults ------------------------------------------------------------------------------


@pytest.mark.slow
def test_killed_five_times_the_file_is_that_of_an_undisturbed_run(faults, tmp_path):
    whole = faults.tag_whole(tmp_path, 3_000)
    assert faults.tag_through_kills(tmp_path, "killed.csv", 5, 3) >= 3
    faults.compare(tmp_path, whole, "killed.csv")


def test_a_second_run_into_one_output_is_refused(many, tiny_tagger, journals):
    out = many.with_name("o.csv")
    refused = []

    def meanwhile(rows, share_read, n_before):
        yield from islice(rows, 600)
        for options in ({}, {"resume": True}, {"force": True}):
            with pytest.raises(OutputError, match=r"o.csv: is being written by another run. Wait"):
                predict_files([many], tiny_tagger, out, **options)
            refused.append(options)
        yield from rows

    predict_files([many], tiny_tagger, out, watch=meanwhile)
    assert len(refused) == 3
    assert len(rows_of(out)) == 999


@contextmanager
def begun(faults, folder, *options, pause=0.1):
    """Begin a run of its own, and give it when it has journalled."""
    faults.write_accounts(folder / "a.csv", 3_000)
    run = faults.start(folder, "o.csv", *options, pause=pause)
    try:
        while not (folder / ".o.csv.journal").exists() and run.poll() is None:
            time.sleep(0.01)
        yield run
    finally:
        run.kill()
        run.wait()
        run.stderr.close()


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on(faults, tmp_path):
    with begun(faults, tmp_path, "--workers", "2") as run:
        run.send_signal(signal.SIGINT)
        said = run.communicate()[1]
    assert run.returncode == 130
    assert said.splitlines()[-1] == "Interrupted. Go on with the same command and --resume."
    assert "Traceback" not in said


@pytest.mark.slow
def test_workers_end_with_a_main_process_that_was_killed(faults, tmp_path):
    with begun(faults, tmp_path, "--workers", "2") as run:
        workers = _children(run.pid)
        assert len(workers) >= 2
    deadline = time.monotonic() + 20
    while any(map(_is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_is_alive, workers))


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_costs_no_row(faults, tmp_path):
    whole = faults.tag_whole(tmp_path, 3_000)
    with begun(faults, tmp_path, "--workers", "2", pause=0.02) as run:
        for pid in _children(run.pid):
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
                break
        else:
            pytest.fail("there is no worker")
        said = run.communicate()[1]
    assert run.returncode == 3, said
    faults.compare(tmp_path, whole, "o.csv")


def _children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(line) for line in found.stdout.split()]


def _is_alive(pid):
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_a_full_disk_is_said_and_room_made_the_run_goes_on(faults, tmp_path):
    whole = faults.tag_whole(tmp_path, 1_500)
    # No file may grow beyond this: what a full disk does, without a disk of one's own.
    driver = tmp_path / "full.py"
    driver.write_text(
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))\n" + faults.DRIVER
    )
    command = [sys.executable, driver, "predict", "a.csv", "--keep", "town", "--out", "o.csv"]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"PAUSE": "0.005"}
    )
    assert run.returncode == 1
    assert "could not be written (File too large); nothing was written under" in run.stderr
    assert run.stderr.rstrip().endswith("Go on with the same command and --resume.")
    assert not (tmp_path / "o.csv").exists()
    again = faults.start(tmp_path, "o.csv", "--resume", pause=0)
    assert "going on after" in again.communicate()[1]
    faults.compare(tmp_path, whole, "o.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_said_at_once(many, tiny_tagger, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(OutputError, match="its folder may not be written to"):
        predict_files([many], tiny_tagger, folder / "o.csv")


# --- what is shown -----------------------------------------------------------------------


def test_evidence_is_hidden_on_request_and_tags_stay(tmp_path, tiny_tagger):
    path = tmp_path / "a.csv"
    path.write_text("id,text\n1,My boss Sarah yawned and was rude.\n")
    for name, redacts in (("plain.csv", False), ("hidden.csv", True)):
        predict_files([path], tiny_tagger, tmp_path / name, Manner(redacts=redacts))
    [plain], [hidden] = rows_of(tmp_path / "plain.csv"), rows_of(tmp_path / "hidden.csv")
    assert "Sarah" in plain["evidence"]
    assert hidden["evidence"] == plain["evidence"].replace("Sarah", "[name]")
    assert {**hidden, "evidence": ""} == {**plain, "evidence": ""}


def test_the_share_read_grows_to_one(many, tiny_tagger):
    seen = []

    def watch(rows, share_read, n_before):
        for row in rows:
            seen.append(share_read())
            yield row

    packed = many.with_name("many.csv.gz")
    packed.write_bytes(gzip.compress(many.read_bytes()))
    for sources in ([many], [packed], [many, packed]):
        seen.clear()
        predict_files(sources, tiny_tagger, many.with_name("o.jsonl"), watch=watch, force=True)
        assert seen == sorted(seen)
        assert 0 < seen[0] <= seen[-1] == 1.0


def test_the_command_takes_files_folders_and_strictness(two, tiny_model, tmp_path_factory):
    from rejectnlp.storage import save_model

    model = tmp_path_factory.mktemp("models") / "tiny"
    save_model(tiny_model, model, "# card\n")

    def run(*arguments):
        return CliRunner().invoke(app, ["predict", *map(str, arguments), "--model", str(model)])

    result = run(two / "a.csv", two / "*.jsonl", "--out", f"{two}/out/", "--format", "jsonl")
    assert result.exit_code == 0, result.output
    assert names_in(two / "out") == ["a.jsonl", "b.jsonl"]
    (two / "a.csv").write_text("id,text\n1,x,y\n")
    result = run(two / "a.csv", "--strict", "--out", two / "o.csv")
    assert result.exit_code == 1
    assert "a.csv, row 1: has 3 fields, the header has 2" in result.stderr
