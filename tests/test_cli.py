"""The commands as people type them."""

import csv
import io
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from rejectnlp.cli import app
from rejectnlp.codebook import read_codebook
from rejectnlp.storage import save_model

IDS = read_codebook().ids


@pytest.fixture(scope="module")
def model(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_model(tiny_model, folder, "# card\n")
    return str(folder)


@pytest.fixture
def run(model):
    def call(*arguments, code=0, given=None):
        arguments = list(map(str, arguments))
        if arguments[0] in ("predict", "explain", "evaluate") and "--model" not in arguments:
            arguments += ["--model", model]
        result = CliRunner().invoke(app, arguments, input=given)
        assert result.exit_code == code, result.output
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "accounts.csv"
    path.write_text(
        "id,story\nx1,He yawned and was rude.\nx2,They went in another direction.\n",
        encoding="utf-8",
    )
    return path


# ---------------------------------------------------------------------- predict


def test_predict_writes_a_row_of_json_for_each_account(run, table):
    result = run("predict", table)
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert first["id"] == "x1"
    assert first["causes"] == ["cold_interviewer"]
    assert list(first["probabilities"]) == list(IDS)
    assert first["whose_move"] == ["employer"]
    [evidence] = first["evidence"]
    text = "He yawned and was rude."
    assert evidence["text"] == text[evidence["start"] : evidence["end"]]
    assert 0 < evidence["weight"] <= 1
    assert second["causes"] == ["unexplained"]
    assert second["evidence"] == []
    assert "2 accounts tagged, 1 of them unexplained" in result.stderr


def test_predict_writes_flat_columns_as_csv(run, table, tmp_path):
    out = tmp_path / "out.csv"
    result = run("predict", table, "--out", out)
    assert result.stdout == ""
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    columns = ["id", "causes", *(f"p_{i}" for i in IDS), "evidence", "whose_move", "note"]
    assert list(rows[0]) == columns
    assert rows[0]["causes"] == "cold_interviewer"
    assert rows[0]["evidence"] == "cold_interviewer: He yawned and was rude."
    assert 0 <= float(rows[0]["p_skills_gap"]) <= 1


def test_every_format_in_gives_the_same_tags(run, table, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(table, dtype=str)
    frame.to_csv(tmp_path / "a.tsv", sep="\t", index=False)
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    expected = run("predict", table).stdout
    for name in ("a.tsv", "a.jsonl", "a.xlsx", "a.parquet"):
        assert run("predict", tmp_path / name).stdout == expected


def test_parquet_out_keeps_probabilities_as_numbers(run, table, tmp_path):
    pandas = pytest.importorskip("pandas")
    run("predict", table, "--out", tmp_path / "out.parquet")
    frame = pandas.read_parquet(tmp_path / "out.parquet")
    assert frame["p_cold_interviewer"].dtype == float
    assert list(frame["id"]) == ["x1", "x2"]


def test_predict_keeps_other_columns_and_gives_the_same_rows_with_any_number_of_workers(
    run, tmp_path
):
    lines = [f"{n},Leeds,He yawned {n} times and was rude." for n in range(600)]
    path = tmp_path / "many.csv"
    path.write_text("\n".join(["id,town,story", *lines]) + "\n", encoding="utf-8")
    for n in (1, 2):
        out = tmp_path / f"{n}.csv"
        run("predict", path, "--keep", "town", "--workers", n, "--out", out)
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "1.csv").read_text())))
    assert [row["id"] for row in rows] == [str(n) for n in range(600)]
    assert {row["town"] for row in rows} == {"Leeds"}


def test_predict_refuses_columns_it_cannot_keep(run, table):
    assert "no column 'twon'" in run("predict", table, "--keep", "twon", code=2).stderr
    table.write_text("nr,note,story\n1,x,He yawned.\n", encoding="utf-8")
    assert "adds a column 'note'" in run("predict", table, "--keep", "all", code=2).stderr


def test_doctor_says_how_texts_are_scored(run):
    result = run("doctor")
    assert "scoring       compiled" in result.stdout or "scoring       plain" in result.stdout
    assert "answer        right" in result.stdout


def test_predict_reads_a_pipe(run):
    result = run("predict", "-", given='{"id": 7, "text": "He yawned, he was rude."}\n')
    assert json.loads(result.stdout)["id"] == "7"


def test_rows_that_cannot_be_read_are_set_aside_and_the_exit_code_says_so(run, tmp_path):
    table, out = tmp_path / "a.csv", tmp_path / "out.csv"
    table.write_text("id,text\n1,He yawned.\n2,too,many\n3,fine\n")
    result = run("predict", table, "--out", out, code=3)
    assert "1 rows could not be read and were set aside" in result.stderr
    assert "row 2: has 3 fields, the header has 2" in result.stderr
    aside = (tmp_path / "out.csv.bad.csv").read_text()
    assert "2," in aside
    assert "too,many" in aside
    assert [r["id"] for r in csv.DictReader(io.StringIO(out.read_text()))] == ["1", "3"]


def test_rows_without_ids_are_numbered(run, tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("text\nHe yawned.\nShe was rude.\n")
    result = run("predict", table)
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["1", "2"]


def test_empty_foreign_and_numeric_texts_are_tagged_with_a_note(run, tmp_path):
    table = tmp_path / "a.csv"
    table.write_text(
        'id,text\n1,\n2,No\n3,"Wir haben uns leider für jemand anderen entschieden."\n4,42\n',
        encoding="utf-8",
    )
    result = run("predict", table)
    notes = [json.loads(line)["note"] for line in result.stdout.splitlines()]
    assert notes == ["empty", "too_short", "not_english", "empty"]
    assert "4 with a note" in result.stderr
    assert all(json.loads(line)["causes"] == ["unexplained"] for line in result.stdout.splitlines())


def test_a_ten_megabyte_text_is_tagged_and_noted(run, tmp_path):
    table = tmp_path / "a.csv"
    table.write_text('id,text\n1,"' + "he was rude and yawned, " * 430_000 + '"\n')
    assert table.stat().st_size > 10_000_000
    assert json.loads(run("predict", table).stdout)["note"] == "truncated"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_other_encodings_are_read_and_said(run, tmp_path, encoding):
    table = tmp_path / "a.csv"
    table.write_bytes("id;text\n1;“Très rude”, he yawned\n".encode(encoding))
    result = run("predict", table)
    assert "“Très rude”" in run("predict", table).stdout
    assert "a.csv: " in result.stderr


def test_a_second_run_by_force_replaces_the_rows_set_aside_too(run, tmp_path):
    table, out = tmp_path / "a.csv", tmp_path / "out.csv"
    aside = tmp_path / "out.csv.bad.csv"
    table.write_text("id,text\n1,He yawned at me.\n2,too,many\n")
    run("predict", table, "--out", out, code=3)
    out.unlink()
    result = run("predict", table, "--out", out, code=1)
    assert "out.csv.bad.csv: exists already, from an earlier run" in result.stderr
    assert not out.exists()
    run("predict", table, "--out", out, "--force", code=3)
    table.write_text("id,text\n1,He yawned at me.\n")
    run("predict", table, "--out", out, "--force")
    assert not aside.exists()


def test_every_bad_row_is_named_where_no_file_holds_them(run, tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("id,text\n" + "1,a,b\n" * 30)
    assert "  row 30: has 3 fields" in run("predict", table, code=3).stderr


def test_a_file_without_a_header_does_not_lose_its_first_account(run, tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("He yawned at me and was rude.\nThey went with somebody else then.\n")
    result = run("predict", table, code=2)
    assert "the first line does not look like the name of a column" in result.stderr


def test_an_existing_output_is_kept_unless_forced(run, table, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("mine")
    result = run("predict", table, "--out", out, code=1)
    assert "out.csv: exists already. Use --force" in result.stderr
    assert out.read_text() == "mine"
    run("predict", table, "--out", out, "--force")
    assert out.read_text() != "mine"


def test_a_failed_run_leaves_nothing_half_written(run, table, tmp_path, monkeypatch):
    from rejectnlp.scorer import Tagger

    def fail(self, accounts):
        yield from ()
        raise RuntimeError("bug")

    monkeypatch.setattr(Tagger, "find", fail)
    with pytest.raises(RuntimeError, match="bug"):
        run("predict", table, "--out", tmp_path / "out.csv", code=1)
    assert [p.name for p in tmp_path.iterdir()] == ["accounts.csv"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["predict", "{}/acounts.csv"], 2, "Did you mean 'accounts.csv'"),
        (["predict", "{}"], 1, "is a folder, not a file"),
        (["predict", "{}/accounts.csv", "--text-column", "stroy"], 2, "Did you mean 'story'"),
        (["predict", "{}/accounts.csv", "--id-column", "nr"], 2, "no column 'nr'"),
        (["predict", "{}/accounts.csv", "--model", "{}/none"], 1, "none: does not exist"),
        (["predict", "{}/accounts.csv", "--model", "{}"], 1, "holds no model"),
        (["predict", "{}/accounts.csv", "--format", "parquett"], 2, "Did you mean 'parquet'"),
        (["predict", "{}/accounts.csv", "--out", "{}/no/such/o.csv"], 1, "folder does not exist"),
        (["predict", "{}/accounts.csv", "--out", "{}/accounts.csv", "--force"], 1, "read as input"),
        (["evaluate", "{}/none.csv"], 2, "no such file"),
        (["train", "{}/none.csv", "--out", "{}/m"], 2, "no such file"),
    ],
)
def test_wrong_calls_get_one_message_with_place_problem_and_remedy(
    run, table, tmp_path, arguments, code, message
):
    result = run(*(a.format(tmp_path) for a in arguments), code=code)
    assert message in result.stderr
    assert result.stderr.count("Error") == 1
    assert "Traceback" not in result.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["accounts.csv"]


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"", 1, "empty"),
        (b"a,b\n1,2\n", 2, "which column holds the text? Columns: a, b; use --text-column"),
        (b"text,text\na,b\n", 1, "text"),
        (b"%PDF-1.7 \x00\x01\x02\x03" * 50, 1, "PDF"),
        (b"id,text\n1,a\x00b\n", 3, "row 1: contains a NUL character"),
    ],
)
def test_files_that_are_no_tables_of_accounts_are_explained(run, tmp_path, content, code, message):
    path = tmp_path / "in.csv"
    path.write_bytes(content)
    result = run("predict", path, code=code)
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_an_unknown_command_gets_the_nearest_one(run):
    result = run("predcit", code=2)
    assert (
        "no command 'predcit'. Did you mean 'predict'? Commands: predict, explain" in result.stderr
    )
    assert "Did you mean 'check'? Commands: check," in run("data", "chek", code=2).stderr


def test_a_closed_pipe_is_quiet(model, tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("id,text\n" + "1,He yawned at me.\n" * 5000)
    door = "from rejectnlp.cli import main; main()"
    shell = f'"{sys.executable}" -c "{door}" predict "{table}" --model "{model}" | head -1'
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=False)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


# ---------------------------------------------------------------------- explain


def test_explain_shows_causes_story_and_steps(run):
    output = run("explain", "The tea was good. He yawned and was rude.").stdout
    for words in (
        "Cold interviewer",
        "the employer's move",
        "[He yawned and was rude.]A",
        "NEXT STEPS",
        "bad manners",
    ):
        assert words in output
    assert "\x1b" not in output


def test_explain_says_so_when_a_story_gives_no_reason(run):
    output = run("explain", "They went in another direction.").stdout
    assert "This story does not say why." in output
    assert "Nearest:" in output


def test_explain_says_what_it_did_not_read(run):
    output = run("explain", "Sie haben sich leider für jemand anderen entschieden.").stdout
    assert "does not look like English" in output
    assert "Nearest" not in output
    assert "too short to tell why" in run("explain", "No.").stdout
    assert "there is no text to explain" in run("explain", " ", code=2).stderr


def test_explain_gives_json(run):
    parts = json.loads(run("explain", "-", "--json", given="He yawned and was rude.").stdout)
    assert parts["causes"] == ["cold_interviewer"]


def test_explain_hides_personal_data_on_request_and_keeps_the_causes(run):
    story = "My boss Sarah yawned and was rude."
    plain = json.loads(run("explain", story, "--json").stdout)
    hidden = json.loads(run("explain", story, "--json", "--redact").stdout)
    assert hidden["causes"] == plain["causes"]
    assert [e["text"] for e in hidden["evidence"]] == ["My boss [name] yawned and was rude."]
    assert "Sarah" not in run("explain", story, "--redact").stdout


def test_explain_without_an_argument_reads_what_is_piped(run):
    output = run("explain", given="He yawned.\n\nAnd he was rude.\n").stdout
    assert "Cold interviewer" in output
    assert "And he was rude." in output
    assert "there is no text to explain" in run("explain", given="\n", code=2).stderr


# uvicorn leaves the socket that it could not bind to the collector, just before we end.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_port_that_is_taken_is_explained(run, model):
    import gc

    from uvicorn import Config

    holder = Config("", host="127.0.0.1", port=0, log_config=None).bind_socket()
    holder.listen()
    port = holder.getsockname()[1]
    result = run("page", "--no-open", "--port", port, "--model", model, code=2)
    assert f"port {port} is taken" in result.stderr
    holder.close()
    del result
    gc.collect()


def test_a_story_cannot_steer_the_terminal(run):
    output = run("explain", "He was rude \x1b[2J\x1b]52;c;aGk=\x07 and yawned \u202e.").stdout
    assert "\x1b" not in output
    assert "\u202e" not in output


def test_errors_never_show_the_story(run, tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("id,body_text\n1,CANARY told me\n2,CANARY,x,y\n")
    result = run("predict", table, "--text-column", "boddy", code=2)
    assert "CANARY" not in result.output
    result = run(
        "predict", table, "--text-column", "body_text", "--out", tmp_path / "o.csv", code=3
    )
    assert "CANARY" not in result.output


# ----------------------------------------------------------- causes, train, data


def test_causes_are_listed_with_their_rules(run):
    output = run("causes").stdout
    assert all(i in output for i in (*IDS, "unexplained"))
    book = json.loads(run("causes", "--json").stdout)
    assert [cause["id"] for cause in book["causes"]] == list(IDS)
    assert book["causes"][0]["next_steps"]


def test_train_and_evaluate_work_on_any_labelled_table(run, tmp_path):
    table, folder = tmp_path / "labelled.csv", tmp_path / "own"
    lines = ["too expensive for us,price", "far too expensive,price", "it came late,delay"] * 12
    lines += ["came late and too expensive,delay;price", "nothing to say,"] * 6
    table.write_text("text,label\n" + "\n".join(lines) + "\n")
    result = run("train", table, "--out", folder)
    assert "training on 2 causes of your own" in result.stderr
    assert "macro-F1" in result.stdout
    assert run("train", table, "--out", folder, code=1).stderr.count("exists already") == 1
    output = run("evaluate", table, "--model", folder, "--out", tmp_path / "scores.json").stdout
    assert "price" in output
    assert json.loads((tmp_path / "scores.json").read_text())["n_accounts"] == 48
    predicted = run("predict", table, "--model", folder, "--format", "csv").stdout
    assert "p_delay,p_price" in predicted


def test_scores_on_the_training_accounts_come_with_a_warning(run, tmp_path):
    table, folder = tmp_path / "labelled.csv", tmp_path / "own"
    lines = ["it is far too expensive,price", "it came a week late,delay", "it came late,laet"] * 12
    table.write_text("text,label\n" + "\n".join(lines[:-34] + lines[:24]) + "\n")
    said = run("train", table, "--out", folder).stderr
    assert "'laet' has 8 accounts only" in said
    result = run("evaluate", table, "--model", folder)
    assert "warning: the model learned from these accounts" in result.stderr
    assert "keywords" not in result.stdout
    refused = run("evaluate", table, "--model", folder, "--record", code=2)
    assert "did not learn from" in refused.stderr
    assert (
        "no part 'tset'"
        in run("evaluate", table, "--model", folder, "--split", "tset", code=2).stderr
    )


def test_own_causes_may_leave_most_accounts_without_one(run, tmp_path):
    table = tmp_path / "labelled.csv"
    table.write_text("text,label\n" + "too expensive for us,price\nnothing to say here,\n" * 20)
    assert "1 causes of your own" in run("train", table, "--out", tmp_path / "m").stderr


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.jsonl", None, "cannot be read (No such file or directory)"),
        ("a.jsonl", b"\xff\xfe\x00", "is not UTF-8 text"),
        ("a.jsonl", b'{"id": 1, "text": null, "labels": []}\n', "not a row of the dataset"),
        ("a.jsonl", b'{"id": 1, "text": "a", "labels": "follow_up"}\n', "not a row of the dataset"),
        ("a.jsonl", b'{"id": 1, "text": "a"}\n', "'labels' is missing"),
    ],
)
def test_what_is_no_dataset_is_refused(run, tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    for command in ("check", "describe"):
        result = CliRunner().invoke(app, ["data", command, str(tmp_path / name)])
        assert result.exit_code in (1, 2)
        assert message in result.stderr


def test_a_misspelt_cause_is_named_with_its_row(run, tmp_path):
    table = tmp_path / "labelled.csv"
    rows = ["a,skills_gap", "b,follow_up", "c,skill_gap"] * 10
    table.write_text("text,causes\n" + "\n".join(rows) + "\n")
    result = run("train", table, "--out", tmp_path / "m", code=1)
    assert "10 labels are not in the codebook" in result.stderr
    assert "labelled.csv:3: cause 'skill_gap'. Did you mean 'skills_gap'?" in result.stderr


def test_a_model_of_other_causes_is_refused_for_these_labels(run, tmp_path):
    table = tmp_path / "labelled.csv"
    table.write_text("text,label\nlate again,delay\n")
    result = run("evaluate", table, code=1)
    assert "cause 'delay'" in result.stderr


def test_training_takes_a_coachs_corrections_beside_the_dataset(run, rows, tmp_path):
    from rejectnlp.corrections import keep_correction, make_correction
    from rejectnlp.dataset import Span, write_rows

    data, own, hard = (tmp_path / name for name in ("a.jsonl", "own.jsonl", "hard_cases.jsonl"))
    write_rows(rows, data)
    hard.write_text(json.dumps({"id": "h", "text": "He yawned.", "labels": ["follow_up"]}) + "\n")
    text = "She sighed all through it."
    span = Span("cold_interviewer", 0, len(text), "shown")
    keep_correction(make_correction(text, ["cold_interviewer"], [span], read_codebook()), own)
    result = run("train", data, own, hard, "--out", tmp_path / "m")
    assert "learning from 33 accounts" in result.stderr
    assert "hard_cases.jsonl left out: its cases are for testing only" in result.stderr
    assert "0 problems" in run("data", "check", own).stderr


def test_data_check_lists_every_problem_at_once(run, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        json.dumps({"id": "a", "text": "No.", "labels": ["nope"]})
        + "\n"
        + json.dumps({"id": "a", "text": " ", "labels": []})
        + "\n"
    )
    result = run("data", "check", path, code=1)
    for problem in ("cause 'nope'", "the text is empty", "stands twice", "no label"):
        assert problem in result.stdout
    assert "2 rows in 1 files" in result.stderr


def test_data_ingest_cuts_a_page_into_passages(run, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "---\ntitle: x\n---\nWe all get turned down now and then.\n\n## They had somebody\n\n"
        "The job was taken before you came in.\n"
    )
    result = run("data", "ingest", page)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["origin"]["pointer"] for row in rows] == [
        "page#introduction",
        "page#section 1 (They had somebody)",
    ]
    assert [row["id"] for row in rows] == ["page-001", "page-002"]
    assert {row["kind"] for row in rows} == {"passage"}
    assert "page.md: 2 passages, 0 comments" in result.stderr
