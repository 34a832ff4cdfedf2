"""Promises about the project itself."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import rejectnlp
from rejectnlp.cli import app
from rejectnlp.scoring import load_library

TOP = Path(__file__).parent.parent
SOURCES = sorted((TOP / "rejectnlp").rglob("*.py"))


def test_exported_names_are_all_there():
    for name in rejectnlp.__all__:
        assert getattr(rejectnlp, name).__name__ == name
    assert dir(rejectnlp) == sorted(rejectnlp.__all__)
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        _ = rejectnlp.laod


def loaded_by(code):
    """Name the top-level modules that a fresh Python has loaded after some code."""
    code += "; import sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


def test_importing_the_package_loads_nothing_heavy():
    heavy = {"numpy", "sklearn", "scipy", "pandas", "nltk", "typer", "matplotlib", "joblib"}
    assert not loaded_by("import rejectnlp") & heavy


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--help"], ["explain", "He yawned at me."], ["causes"]])
def test_quick_commands_load_no_machine_learning(arguments):
    code = (
        "import sys\n"
        "from rejectnlp.cli import app\n"
        f"try: app({arguments!r})\n"
        "except SystemExit: pass\n"
    )
    code += "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.splitlines()[-1].split())
    heavy = {"scipy"} if load_library() else set()  # which scores where there is no kernel
    assert not loaded & {*heavy, "sklearn", "pandas", "nltk", "joblib", "matplotlib"}


def commands():
    names = {command.name or command.callback.__name__ for command in app.registered_commands}
    for group in app.registered_groups:
        own = group.typer_instance.registered_commands
        names |= {f"{group.name} {command.name or command.callback.__name__}" for command in own}
    return sorted(name.replace("_", "-") for name in names)


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_the_readme_and_has_help(command):
    assert f"rejectnlp {command}" in (TOP / "README.md").read_text(encoding="utf-8")
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert "\x1b" not in result.output


def test_no_module_can_run_what_a_file_holds():
    banned = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not banned & set(names), path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec"}, path


def test_no_module_opens_a_connection():
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"\b(import|from) (socket|urllib\.request|http\.client|requests)\b", text
        )


def test_modules_are_on_the_map():
    names = {path.stem for path in (TOP / "rejectnlp").glob("*.py")} - {"__init__", "__main__"}
    names |= {
        path.name for path in (TOP / "rejectnlp").iterdir() if (path / "__init__.py").exists()
    }
    on_the_map = set(re.findall(r"`(\w+)`", rejectnlp.__doc__ or ""))
    assert names <= on_the_map


def test_no_personal_address_of_a_machine_is_committed():
    for path in SOURCES:
        assert not re.search(r"/(home|root|work)/\w", path.read_text(encoding="utf-8")), path
