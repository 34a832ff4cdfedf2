import csv

import pytest

from rejectnlp.errors import DataError, UsageError
from rejectnlp.inputs import Wanted
from rejectnlp.prediction import Manner, predict_files
from rejectnlp.sampling import draw_sample
from rejectnlp.tagged import read_checked, read_tagged


@pytest.fixture
def accounts(tmp_path):
    path = tmp_path / "accounts.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "story", "town"])
        for n in range(300):
            told = (
                "He yawned and was rude." if n % 50 == 0 else f"Lovely day number {n}, and a mail."
            )
            writer.writerow([f"a{n}", told, "Leeds"])
    return path


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_random_sample_has_weights_and_no_opinion_of_the_model(accounts, tmp_path, tiny_tagger):
    out = tmp_path / "check.csv"
    drawn = draw_sample(accounts, "prevalence", 30, out, tagger=tiny_tagger)
    rows = read(out)
    assert (drawn.n, drawn.n_accounts, drawn.n_bad) == (30, 300, 0)
    assert list(rows[0]) == ["id", "text", "checked", "weight"]
    assert {float(row["weight"]) for row in rows} == {10.0}
    assert len({row["id"] for row in rows}) == 30


def test_another_seed_draws_other_accounts_and_the_same_one_the_same(
    accounts, tmp_path, tiny_tagger
):
    drawn = []
    for n, seed in enumerate((1, 1, 2)):
        out = tmp_path / f"{n}.csv"
        draw_sample(accounts, "prevalence", 30, out, tagger=tiny_tagger, seed=seed)
        drawn.append([row["id"] for row in read(out)])
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_sample_for_training_finds_the_rare_cause(accounts, tmp_path, tiny_tagger):
    out = tmp_path / "rare.csv"
    draw_sample(accounts, "training", 13, out, tagger=tiny_tagger)
    assert any("yawned" in row["text"] for row in read(out))


def test_a_sample_for_an_audit_is_the_doubtful_ones(accounts, tmp_path, tiny_tagger):
    out = tmp_path / "audit.csv"
    assert draw_sample(accounts, "audit", 7, out, tagger=tiny_tagger).n == 7


def test_more_than_there_is_gives_all(accounts, tmp_path, tiny_tagger):
    out = tmp_path / "all.csv"
    assert draw_sample(accounts, "prevalence", 999, out, tagger=tiny_tagger).n == 300


def test_an_unknown_purpose_is_refused(accounts, tiny_tagger):
    with pytest.raises(UsageError, match="Did you mean 'audit'"):
        draw_sample(accounts, "audti", 3, None, tagger=tiny_tagger)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "xlsx"])
def test_tagged_files_of_every_format_are_read_back(accounts, tmp_path, tiny_tagger, suffix):
    out = tmp_path / f"tagged.{suffix}"
    predict_files([accounts], tiny_tagger, out, Manner(Wanted(keep=("town",))))
    tagged = read_tagged(out, ["town"])
    assert tagged.ids == [f"a{n}" for n in range(300)]
    assert tagged.causes == tiny_tagger.causes
    assert tagged.named[0].any()
    assert set(tagged.columns["town"]) == {"Leeds"}


def test_a_file_that_is_not_tagged_is_refused(accounts):
    with pytest.raises(DataError, match=r"is not a tagged file.*predict FILE"):
        read_tagged(accounts)


def test_answers_are_read_and_unanswered_rows_left_out(tmp_path, tiny_tagger):
    path = tmp_path / "checked.csv"
    path.write_text("id,checked\na,skills_gap; undersold\nb,unexplained\nc,\n", encoding="utf-8")
    checked = read_checked(path, tiny_tagger.codebook)
    assert checked == {"a": frozenset({"skills_gap", "undersold"}), "b": frozenset()}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,checked\na,skill_gap\n", "Did you mean 'skills_gap'"),
        ("id,checked\na,undersold\na,undersold\n", "id a: this id comes twice"),
        ("id,checked\na,[skills_gap\n", "cause '\\[skills_gap' is not in the codebook"),
        ("id,town\na,b\n", "needs the columns `id` and `checked`"),
    ],
)
def test_answers_that_make_no_sense_are_refused(tmp_path, tiny_tagger, text, message):
    path = tmp_path / "checked.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_checked(path, tiny_tagger.codebook)
