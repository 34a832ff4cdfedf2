"""Labelling in a terminal: by given lines, and through a pseudo-terminal."""

import os
import select
import signal
import subprocess
import sys
import time

import pytest

from rejectnlp.codebook import read_codebook
from rejectnlp.dataset import read_rows
from rejectnlp.errors import UsageError
from rejectnlp.labelling import choose_label_file, open_desk, read_pile
from rejectnlp.readings import read_readings
from rejectnlp.terminal import label_in_terminal, parse_answer

BOOK = read_codebook()
TEXTS = ["Tea first. He yawned 🙂 and was rude. Then a mail.", "No idea why.", "I lack it."]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "check.csv"
    lines = [f"a{n},{text}" for n, text in enumerate(TEXTS)]
    path.write_text("\n".join(["id,text", *lines, ""]), encoding="utf-8")
    return path


def type_lines(table, lines, **more):
    """Give what the terminal shows, and the answers, after some lines are typed."""
    shown = []
    waiting = iter(lines)

    def read(prompt):
        try:
            return next(waiting)
        except StopIteration:
            raise EOFError from None

    path = choose_label_file(table)
    desk = open_desk(read_pile(table), path, "reader", BOOK)
    label_in_terminal(desk, read=read, write=shown.append, **more)
    answers = (
        {i: reading for i, (_, reading) in read_readings(path).items()} if path.exists() else {}
    )
    return "\n".join(shown), answers


def test_a_line_of_keys_is_an_answer_with_marks_doubt_and_note(table):
    shown, answers = type_lines(table, ["6@2 1 x # tired", "0", "1@1"])
    first = answers["a0"]
    assert first.labels == ("skills_gap", "cold_interviewer")
    assert [TEXTS[0][s.start : s.end] for s in first.evidence] == ["He yawned 🙂 and was rude."]
    assert (first.doubt, first.note) == (True, "tired")
    assert answers["a1"].labels == ("unexplained",)
    assert "All 3 accounts are answered." in shown


def test_u_goes_back_and_a_new_line_replaces_the_answer(table):
    shown, answers = type_lines(table, ["6", "u", "7", "q"])
    assert answers["a0"].labels == ("interview_mistake",)
    assert "Answered: Cold interviewer" in shown


def test_skipped_accounts_stay_open_and_come_back(table):
    _, answers = type_lines(table, ["s", "0", "0", "6"])
    assert answers["a0"].labels == ("cold_interviewer",)
    assert len(answers) == 3


def test_labelling_goes_on_later_where_it_stopped(table):
    type_lines(table, ["6", "q"])
    shown, answers = type_lines(table, [])
    assert "Account 2 of 3, 1 answered  id a1" in shown
    assert len(answers) == 1


def test_enter_alone_never_answers_but_passes_what_is_answered(table):
    shown, answers = type_lines(table, ["", "6", "u", "", "q"])
    assert "No answer yet" in shown
    assert len(answers) == 1
    assert shown.count("Account 2 of 3") == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("k", "no cause has the key 'k'"),
        ("6@9", "no sentence 9"),
        ("6@x", "'6@x' is no mark"),
        ("0@1", "no sentence 1 to mark for '0'"),
        ("0 6", "stands beside another"),
        ("x", "names no cause"),
    ],
)
def test_a_line_that_makes_no_sense_keeps_nothing(table, line, message):
    shown, answers = type_lines(table, [line])
    assert f"{message}" in shown
    assert "Nothing was kept" in shown
    assert answers == {}


def test_help_explains_a_cause_or_the_keys(table):
    shown, _ = type_lines(table, ["?6", "? 0", "?", "?n"])
    assert "bored, hostile, rude" in shown
    assert "does not count:" in shown
    assert "It is an answer, not a gap" in shown
    assert "No cause has that key" in shown


def test_without_colour_there_is_no_escape_and_a_story_can_bring_none(table):
    table.write_text("id,text\n1,Rude \x1b[31mred\x1b[0m story.\n", encoding="utf-8")
    shown, _ = type_lines(table, [])
    assert "\x1b" not in shown
    shown, _ = type_lines(table, [], colour=True)
    assert "\x1b[31m" not in shown


def test_lines_fit_a_narrow_terminal(table):
    shown, _ = type_lines(table, ["q"], width=40)
    sheet = shown[shown.index("----") :]
    assert max(map(len, sheet.split("\n"))) <= 40


def test_the_tagger_speaks_after_the_own_answer_only(table, tiny_tagger):
    shown, answers = type_lines(table, ["7", "u", "6", "q"], tagger=tiny_tagger)
    before, after = shown.split("The tagger says:", 1)
    assert "Account 1 of 3" in before
    assert "Cold interviewer" in after
    assert answers["a0"].suggested
    _, answers = type_lines(table, ["s", "7", "q"], tagger=tiny_tagger)
    assert not answers["a2"].suggested


def test_more_causes_than_keys_are_refused(table):
    book = BOOK.from_ids(f"cause_{n:02}" for n in range(40))
    desk = open_desk(read_pile(table), choose_label_file(table), "reader", book)
    with pytest.raises(UsageError, match="more causes than keys"):
        label_in_terminal(desk)


def test_keys_may_stand_together():
    assert parse_answer("16x").marks == {"1": (), "6": ()}


def read_until(master, words, seconds=20):
    shown = b""
    end = time.monotonic() + seconds
    while words not in shown and time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            shown += os.read(master, 65536)
    assert words in shown, shown
    return shown


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_in_a_real_terminal_answers_survive_a_kill_and_ctrl_c_ends_it_calmly(table):
    import pty

    call = [sys.executable, "-c", "from rejectnlp.cli import main; main()"]
    call += ["label", str(table), "--terminal"]

    def begin():
        master, slave = pty.openpty()
        around = {**os.environ, "NO_COLOR": "1", "TERM": "dumb"}
        process = subprocess.Popen(call, stdin=slave, stdout=slave, stderr=slave, env=around)
        os.close(slave)
        return process, master

    process, master = begin()
    read_until(master, b"Account 1 of 3")
    os.write(master, b"6@2\n")
    read_until(master, b"Account 2 of 3")
    os.write(master, b"7 # half an answ")
    process.kill()
    process.wait()
    os.close(master)
    [row] = read_rows([choose_label_file(table)])
    assert row.labels == ("cold_interviewer",)
    process, master = begin()
    shown = read_until(master, b"> ")
    assert b"Account 2 of 3, 1 answered" in shown
    time.sleep(0.2)  # until it waits for a line
    assert b"\x1b[1m" not in shown
    process.send_signal(signal.SIGINT)
    assert b"1 of 3 accounts answered" in read_until(master, b"answered, in")
    assert process.wait(10) == 0
    os.close(master)
