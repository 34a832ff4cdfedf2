"""A story pasted into a real terminal."""

import os
import subprocess
import sys
import time

import pytest

from rejectnlp.storage import save_model

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_model(tiny_model, folder, "# card\n")
    return str(folder)


def paste(model, text, end, **variables):
    """Start `rejectnlp explain`, paste, and give what the terminal shows."""
    leader, follower = pty.openpty()
    door = "from rejectnlp.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", door, "explain", "--model", model],
        stdin=follower,
        stdout=follower,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **variables},
    )
    os.close(follower)
    assert b"End with an empty line, or Ctrl-D" in process.stderr.readline()
    time.sleep(0.2)  # until the line editor has taken the terminal over
    os.write(leader, text.encode())
    time.sleep(0.4)
    os.write(leader, end.encode())
    shown = b""
    try:
        while part := os.read(leader, 4096):
            shown += part
    except OSError:  # how Linux says that nobody writes to this terminal any more
        pass
    process.communicate(timeout=10)
    os.close(leader)
    assert process.returncode == 0
    return shown.decode()


def test_an_empty_line_ends_a_story_and_its_evidence_is_coloured(model):
    shown = paste(model, "\nHe yawned.\nHe was rude.\n", "\n")
    assert "Cold interviewer" in shown
    assert "\x1b[1;4m" in shown


def test_ctrl_d_ends_a_story_and_no_color_is_obeyed(model):
    shown = paste(model, "He yawned and was rude.\n", "\x04", NO_COLOR="1")
    assert "Cold interviewer" in shown
    assert "\x1b[1;4m" not in shown


def test_the_paragraphs_of_a_paste_belong_together(model):
    shown = paste(model, "The tea was good.\n\nHe yawned and was rude.\n", "\n", NO_COLOR="1")
    assert "[He yawned and was rude.]A" in shown


def test_a_long_line_is_not_cut(model):
    shown = paste(model, "The tea was good. " * 300 + "He yawned and was rude.\n", "\n")
    assert "Cold interviewer" in shown
