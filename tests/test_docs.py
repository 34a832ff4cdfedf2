"""The documentation cannot go stale: its commands and code are run, its pages are found."""

import importlib.machinery
import importlib.util
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from rejectnlp.cli import app

TOP = Path(__file__).parent.parent
PAGES = sorted((TOP / "docs").glob("*.md"))
README = (TOP / "README.md").read_text(encoding="utf-8")


def load_script(name):
    loader = importlib.machinery.SourceFileLoader(name, str(TOP / ".ci" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


examples = load_script("examples")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of what a page's own Python meets
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_is_what_is_printed(page):
    _, problems = examples.run_page(page.read_text(encoding="utf-8"))
    assert not problems, "\n\n".join(["run .ci/examples --write", *problems])


def test_a_stale_page_is_found_out():
    page = "```console\n$ echo new\nold\n```\n"
    new, problems = examples.run_page(page)
    assert new == "```console\n$ echo new\nnew\n```\n"
    assert len(problems) == 1
    assert examples.run_page("```python\nprint(2)\n```\n\n```text\n1\n```\n")[1]
    assert examples.run_page("```console\n$ false\n```\n")[1]
    assert not examples.run_page("```console\n$ seq 9\n1\n...\n9\n```\n")[1]
    assert not examples.run_page("<!-- not run: no -->\n```console\n$ false\n```\n")[1]


def test_every_page_is_in_the_navigation():
    named = set(re.findall(r"^[\w/-]+$", (TOP / "docs" / "index.md").read_text(), re.MULTILINE))
    assert {page.stem for page in PAGES} - {"index"} <= named


def find_command(words):
    """Give the command that words name, and the words that are left."""
    command = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    return command, words


def readme_commands():
    lines = re.findall(r"^\$ rejectnlp (.*?)(?:\s{2,}#.*)?$", README, re.MULTILINE)
    return [line for line in lines if not line.startswith('explain "')]  # which is run


@pytest.mark.parametrize("line", readme_commands())
def test_the_readmes_commands_have_the_options_they_name(line):
    command, words = find_command(line.split())
    command.make_context(line, words)


def test_the_readmes_make_targets_are_there():
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"(?:^\$ |`)make (\w+)", README, re.MULTILINE)
    assert {"demo", "test"} <= set(targets)
    assert not [target for target in targets if not re.search(rf"^{target}:", makefile, re.M)]


def test_the_readmes_python_is_five_lines():
    [code] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) == 5


def test_a_dead_link_and_a_fetched_file_are_found_out(tmp_path):
    docs = load_script("docs")
    (tmp_path / "a.html").write_text(
        '<a href="b.html#here">b</a><a href="c.html">c</a><script src="https://x.org/x.js"></script>'
    )
    (tmp_path / "b.html").write_text('<p id="there">b</p>')
    problems = sorted(docs.check_site(tmp_path))
    assert problems == [
        "a.html: dead link b.html#here",
        "a.html: dead link c.html",
        "a.html: fetches https://x.org/x.js",
    ]


def test_help_has_no_command_without_a_sentence():
    for line in CliRunner().invoke(app, ["--help"]).stdout.split("Commands:")[1].splitlines():
        assert not line.strip() or re.match(r"^  \S+\s+[A-Z]", line), line
