"""Answers into other files and back, and what the commands make of them."""

import csv
import json

import pytest
from typer.testing import CliRunner

from rejectnlp.cli import app
from rejectnlp.codebook import read_codebook
from rejectnlp.dataset import Span, read_rows
from rejectnlp.errors import DataError, UsageError
from rejectnlp.labelfiles import choose_codebook, import_answers, read_answers
from rejectnlp.labelling import choose_label_file, open_desk, read_pile
from rejectnlp.labels import read_labelled
from rejectnlp.readings import make_reading, read_readings
from rejectnlp.storage import save_model
from rejectnlp.tagged import read_checked

BOOK = read_codebook()


@pytest.fixture
def table(tmp_path):
    """Give a file as `rejectnlp sample` writes it, with the dataset's invented stories."""
    from conftest import INVENTED

    path = tmp_path / "check.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "checked", "weight"])
        writer.writerows([f"a{n}", row[1], "", "6.25"] for n, row in enumerate(INVENTED))
    return path


def label(table, labeller, answers):
    """Let a labeller answer; the words of a story show each cause but `unexplained`."""
    from conftest import INVENTED

    desk = open_desk(read_pile(table), choose_label_file(table, labeller), labeller, BOOK)
    for own_id, labels in answers.items():
        account = next(a for a in desk.pile.accounts if a.id == own_id)
        words = INVENTED[int(own_id[1:])][2]
        start = account.text.index(words)
        spans = [
            Span(cause, start, start + len(words), "shown")
            for cause in labels
            if cause != "unexplained" and words
        ]
        desk.keep(make_reading(account, labels, spans, BOOK))
    return desk.path


def invented():
    from conftest import INVENTED

    return {f"a{n}": [row[0]] for n, row in enumerate(INVENTED)}


def run(*arguments, code=0):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == code, result.output
    return result


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_table_of_answers_has_all_columns_and_is_read_as_checked(table, tmp_path):
    path = label(table, "ann", {"a0": ["skills_gap", "undersold"], "a12": ["unexplained"]})
    out = tmp_path / "checked.csv"
    result = run("label", table, "--labels", path, "--export", out)
    assert "16 accounts written" in result.stderr
    assert "2 of them answered" in result.stderr
    rows = read(out)
    assert list(rows[0]) == ["id", "text", "checked", "weight", "doubt", "note"]
    assert {row["weight"] for row in rows} == {"6.25"}
    assert [row["checked"] for row in rows][:2] == ["skills_gap; undersold", ""]
    checked = read_checked(out, BOOK)
    assert checked == {"a0": frozenset({"skills_gap", "undersold"}), "a12": frozenset()}
    assert read_checked(path, BOOK) == checked  # the labeller's own file does as well


def test_rows_without_an_id_are_numbered_as_predict_numbers_them(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("story,town\nHe yawned.,Leeds\nNo idea.,York\n", encoding="utf-8")
    desk = open_desk(read_pile(table), choose_label_file(table), "reader", BOOK)
    desk.keep(make_reading(desk.pile.accounts[1], ["unexplained"], [], BOOK))
    run("label", table, "--export", tmp_path / "out.csv")
    rows = read(tmp_path / "out.csv")
    assert [(row["id"], row["checked"], row["town"]) for row in rows] == [
        ("1", "", "Leeds"),
        ("2", "unexplained", "York"),
    ]


def test_a_hand_written_answer_stays_where_the_labeller_gave_none(table, tmp_path):
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("Bye.,,", "Bye.,follow_up,", 1), encoding="utf-8")
    path = label(table, "ann", {"a1": ["undersold"]})
    result = run("label", table, "--labels", path, "--export", tmp_path / "out.csv")
    assert "1 rows have an answer in `checked`, which is not shown" in result.stderr
    rows = read(tmp_path / "out.csv")
    assert [row["checked"] for row in rows][:3] == ["follow_up", "undersold", ""]


def test_three_labellers_are_settled_by_majority_and_the_rest_left_open(table, tmp_path):
    ann = label(table, "ann", {"a0": ["skills_gap"], "a1": ["undersold"], "a2": ["skills_gap"]})
    bob = label(table, "bob", {"a0": ["skills_gap"], "a1": ["skills_gap"], "a2": ["follow_up"]})
    cleo = label(table, "cleo", {"a1": ["skills_gap"]})
    result = run(
        *("label", table, "--labels", ann, "--labels", bob, "--labels", cleo),
        *("--export", tmp_path / "out.csv"),
    )
    assert "1 left open: the labellers differ" in result.stderr
    checked = read_checked(tmp_path / "out.csv", BOOK)
    assert checked == {"a0": frozenset({"skills_gap"}), "a1": frozenset({"skills_gap"})}


def test_label_studio_and_back_gives_the_same_file(table, tmp_path):
    path = label(table, "ann", invented())
    result = run("label", table, "--labels", path, "--export", tmp_path / "tasks.json")
    assert result.stdout.startswith("<View>")
    before = path.read_text(encoding="utf-8")
    path.unlink()
    run("label", table, "--import", tmp_path / "tasks.json", "--labeller", "ann")
    assert path.read_text(encoding="utf-8") == before


def test_tasks_without_answers_are_where_one_begins(table, tmp_path):
    run("label", table, "--export", tmp_path / "tasks.json")
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    assert len(tasks) == 16
    assert all(task["annotations"] == [] for task in tasks)
    result = run("label", table, "--labels", tmp_path / "no.jsonl", "--export", "x.csv", code=2)
    assert "no such file" in result.stderr


def test_several_annotators_become_a_file_each(table, tmp_path):
    ann = label(table, "ann", {"a0": ["skills_gap"], "a1": ["undersold"]})
    bob = label(table, "bob", {"a0": ["follow_up"]})
    tasks_file = tmp_path / "tasks.json"
    run("label", table, "--labels", ann, "--labels", bob, "--export", tasks_file)
    tasks = json.loads(tasks_file.read_text(encoding="utf-8"))
    for task in tasks:
        for n, annotation in enumerate(task["annotations"]):
            annotation["completed_by"] = {"email": f"{'pq'[n]}@example.org"}
    tasks_file.write_text(json.dumps(tasks), encoding="utf-8")
    pile = read_pile(table)
    desks, _ = import_answers(tasks_file, table, pile, BOOK)
    assert [(desk.labeller, len(desk.readings)) for desk in desks] == [("p", 2), ("q", 1)]
    assert choose_label_file(table, "p").exists()
    with pytest.raises(UsageError, match="exists already"):
        import_answers(tasks_file, table, pile, BOOK)
    import_answers(tasks_file, table, pile, BOOK, force=True)
    with pytest.raises(UsageError, match=r"2 labellers.*they are p, q"):
        import_answers(tasks_file, table, pile, BOOK, labeller="ann")
    with pytest.raises(UsageError, match=r"2 labellers.*--import"):
        read_answers(tasks_file, BOOK)


def test_an_export_of_other_accounts_is_refused(table, tmp_path):
    data = {"id": "zz", "text": "x"}
    choice = {"from_name": "labels", "value": {"choices": ["undersold"]}}
    task = {"data": data, "annotations": [{"completed_by": 1, "result": [choice]}]}
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([task]), encoding="utf-8")
    with pytest.raises(DataError, match="1 annotations are of accounts that"):
        import_answers(path, table, read_pile(table), BOOK)
    path.write_text(json.dumps([task | {"data": {"id": "a0", "text": "other"}}]), encoding="utf-8")
    with pytest.raises(DataError, match="1 answers belong to other texts"):
        import_answers(path, table, read_pile(table), BOOK)
    assert not choose_label_file(table, "1").exists()


def test_agreement_writes_the_differences_for_a_third_reader_who_sees_the_text_alone(
    table, tmp_path
):
    ann = label(table, "ann", {"a0": ["skills_gap"], "a1": ["undersold"]})
    bob = label(table, "bob", {"a0": ["skills_gap"], "a1": ["skills_gap"]})
    out = tmp_path / "third.csv"
    result = run("agreement", ann, bob, "--out", out)
    assert "1 accounts where they differ" in result.stderr
    assert "(95 % " in result.stdout
    assert "ledgers" not in result.output  # no story on the screen
    [row] = read(out)
    assert "ledgers" in row["text"]
    assert (row["first"], row["second"], row["checked"]) == ("undersold", "skills_gap", "")
    third = read_pile(out)
    assert [account.id for account in third.accounts] == ["a1"]
    assert "already" in run("agreement", ann, bob, "--out", out, code=1).stderr


def test_agreement_takes_label_studio_beside_our_own(table, tmp_path):
    ann = label(table, "ann", {"a0": ["skills_gap"], "a1": ["undersold"]})
    run("label", table, "--labels", ann, "--export", tmp_path / "tasks.json")
    run("label", table, "--labels", ann, "--export", tmp_path / "out.csv")
    for other in ("tasks.json", "out.csv"):
        result = run("agreement", ann, tmp_path / other, "--json")
        found = json.loads(result.stdout)
        assert (found["n"], found["n_same"], found["alpha"]) == (2, 2, 1.0)


@pytest.mark.slow
def test_labels_are_trained_on_and_evaluated_and_open_rows_counted(table, tmp_path):
    from conftest import INVENTED

    with table.open("a", newline="", encoding="utf-8") as file:
        for n, row in enumerate(INVENTED):
            csv.writer(file).writerow([f"b{n}", f"Some while ago now. {row[1]}", "", "6.25"])
    again = {own_id.replace("a", "b"): labels for own_id, labels in invented().items()}
    answers = invented() | again
    answers.pop("b15")
    desk = open_desk(read_pile(table), choose_label_file(table, "ann"), "ann", BOOK)
    for account in desk.pile.accounts:
        if account.id in answers:
            desk.keep(make_reading(account, answers[account.id], [], BOOK))
    checked = tmp_path / "checked.csv"
    run("label", table, "--labels", desk.path, "--export", checked)
    result = run("train", checked, "--out", tmp_path / "mine")
    assert "checked.csv: 1 rows without an answer in `checked` left out" in result.stderr
    result = run("evaluate", checked, "--model", tmp_path / "mine")
    assert "1 rows without an answer" in result.stderr
    assert "31 accounts" in result.stdout
    of_table, _ = read_labelled([checked])
    of_labeller, _ = read_labelled([desk.path])
    assert [(row.text, row.labels) for row in of_table] == [
        (row.text, row.labels) for row in of_labeller
    ]


@pytest.mark.slow
def test_labels_correct_a_prevalence_and_a_report_as_a_table_or_as_they_are(
    table, tmp_path, tiny_model
):
    save_model(tiny_model, tmp_path / "tiny", "# card\n")
    tagged = tmp_path / "tagged.csv"
    run("predict", table, "--out", tagged, "--model", tmp_path / "tiny")
    path = label(table, "ann", invented())
    run("label", table, "--labels", path, "--export", tmp_path / "checked.csv")
    told = []
    for checked in (path, tmp_path / "checked.csv"):
        result = run(
            *("prevalence", tagged, "--checked", checked, "--model", tmp_path / "tiny", "--json")
        )
        told.append(json.loads(result.stdout))
        report = tmp_path / f"{checked.stem}.md"
        run("report", tagged, "--checked", checked, "--model", tmp_path / "tiny", "--out", report)
    assert told[0] == told[1]
    assert told[0]["estimates"][0]["share"]["n_checked"] == 16


def test_a_codebook_of_ones_own_gives_the_causes(table, tmp_path):
    own = BOOK.from_ids(["late", "price"])
    path = tmp_path / "book.json"
    path.write_text(json.dumps(own.to_dict()), encoding="utf-8")
    assert choose_codebook(path, None) == own
    path.write_text("[]")
    with pytest.raises(DataError, match="not a codebook"):
        choose_codebook(path, None)
    with pytest.raises(UsageError, match="both bring causes"):
        choose_codebook(path, tmp_path)


def test_one_labeller_has_one_file(table, tmp_path):
    result = run("label", table, "--labels", "a.jsonl", "--labels", "b.jsonl", code=2)
    assert "one labeller has one file" in result.stderr
    result = run("label", table, "--export", "a.csv", "--import", "b.json", code=2)
    assert "two steps" in result.stderr


def test_labelling_in_a_terminal_through_the_command(table):
    result = CliRunner().invoke(app, ["label", str(table), "--terminal"], input="1@2\n0\nq\n")
    assert result.exit_code == 0
    assert "2 of 16 accounts answered" in result.stderr
    found = read_readings(choose_label_file(table))
    assert [reading.labels for _, reading in found.values()] == [("skills_gap",), ("unexplained",)]
    assert read_rows([choose_label_file(table)])[0].evidence[0].cause == "skills_gap"
