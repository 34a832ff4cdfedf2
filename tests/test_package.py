"""The package as strangers meet it: its import, its names, its files, Tab in their shell."""

import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path
from statistics import median

import pytest

import rejectnlp

TOP = Path(__file__).parent.parent
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.slow
def test_importing_takes_less_than_a_tenth_of_a_second():
    # Of the processor's time, not of the clock's: other work on the machine does not count.
    code = "from time import process_time as t; a = t(); import rejectnlp; print(t() - a)"
    took = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(5)
    ]
    assert median(took) < 0.1


def test_every_public_name_comes_from_its_home_and_has_an_example():
    assert set(rejectnlp.__all__) == set(rejectnlp._HOME)
    for name, home in rejectnlp._HOME.items():
        assert getattr(rejectnlp, name) is getattr(
            importlib.import_module(f"rejectnlp.{home}"), name
        )
        assert getattr(rejectnlp, name).__doc__


def test_types_are_shipped():
    assert (TOP / "rejectnlp" / "py.typed").exists()
    assert "Typing :: Typed" in PROJECT["classifiers"]


def test_every_dependency_has_a_lowest_version():
    needs = [need for need in requires("rejectnlp") if "extra ==" not in need]
    assert len(needs) == len(PROJECT["dependencies"])
    assert not [need for need in PROJECT["dependencies"] if ">=" not in need]


def test_everything_that_developers_install_is_pinned():
    pinned = (TOP / "constraints.txt").read_text(encoding="utf-8").splitlines()
    names = {re.sub("[-_.]+", "-", line.split("==")[0]).lower() for line in pinned}
    extras = PROJECT["optional-dependencies"]
    needs = {re.split(r"[\[><=]", need)[0] for extra in extras.values() for need in extra}
    assert needs <= names


def test_the_citation_tells_what_the_package_tells():
    # Enough of YAML for a file this plain; cffconvert says that the format is right.
    text = (TOP / "CITATION.cff").read_text(encoding="utf-8")
    told = dict(re.findall(r"^([\w-]+): (.+)$", text, re.MULTILINE))
    assert told["cff-version"] == "1.2.0"
    assert told["version"] == rejectnlp.__version__ == PROJECT["version"]
    assert re.findall(r"^  - (\S+)$", text.split("license:")[1].split("keywords")[0], re.M) == (
        PROJECT["license"].split(" AND ")
    )
    assert {"message", "title", "type"} <= set(told)
    assert "authors:\n  - name: the rejectnlp authors\n" in text


DOOR = (
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'rejectnlp'; import rejectnlp.cli as c; c.main()",
)
# Which shell it is, is found from the processes above; the tests have to say it.
NAMED = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ("bash", "complete -o default -F _rejectnlp_completion rejectnlp"),
        ("zsh", "#compdef rejectnlp"),
        ("fish", "complete --command rejectnlp"),
    ],
)
def test_a_completion_script_can_be_shown(shell, words):
    shown = subprocess.run(
        [*DOOR, "--show-completion", shell], env={**os.environ, **NAMED}, capture_output=True
    )
    assert words in shown.stdout.decode()


def complete(words, at):
    """Ask for completions as bash does; what was loaded for it stands on standard error."""
    code = (
        "import sys\nsys.argv = ['rejectnlp']\nfrom rejectnlp.cli import main\n"
        "try: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    )
    own = {"_REJECTNLP_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(at)}
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **own}, capture_output=True, text=True
    )


def test_tab_completes_commands_and_options():
    assert complete("rejectnlp pre", 1).stdout.split() == ["predict", "prevalence"]
    assert complete("rejectnlp predict --wor", 2).stdout.split() == ["--workers"]
    assert complete("rejectnlp data au", 2).stdout.split() == ["audit"]


def test_tab_waits_for_nothing_heavy():
    loaded = {name.split(".")[0] for name in complete("rejectnlp pre", 1).stderr.split()}
    assert "typer" in loaded
    assert not loaded & {"numpy", "scipy", "sklearn", "pandas", "nltk", "joblib", "matplotlib"}


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_completion_installs_into_a_home_and_works_there(tmp_path):
    home = {**os.environ, **NAMED, "HOME": str(tmp_path)}
    subprocess.run(
        [*DOOR, "--install-completion", "bash"], env=home, check=True, capture_output=True
    )
    scripts = list((tmp_path / ".bash_completions").iterdir())
    assert len(scripts) == 1
    assert scripts[0].name in (tmp_path / ".bashrc").read_text(encoding="utf-8")
    subprocess.run(["bash", "-n", scripts[0]], check=True)
