"""Documents cannot go stale: their figures, commands and notebooks are run here."""

import importlib.machinery
import importlib.util
import json
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
NOTEBOOKS = sorted((TOP / "notebooks").glob("*.ipynb"))


@pytest.mark.slow
def test_the_figures_of_the_documents_are_those_of_the_data_and_the_model(monkeypatch, capsys):
    loader = importlib.machinery.SourceFileLoader("figures", str(TOP / ".ci" / "figures"))
    spec = importlib.util.spec_from_loader("figures", loader)
    figures = importlib.util.module_from_spec(spec)
    loader.exec_module(figures)
    monkeypatch.setattr("sys.argv", ["figures", "--check"])
    assert figures.main() == 0, capsys.readouterr().out


def test_the_python_of_the_readme_runs(capsys):
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert "pre_chosen_candidate" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_run_from_top_to_bottom(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    names = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile(cell["source"], path.name, "exec"), names)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_committed_without_output(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") for cell in cells)


def test_links_inside_the_project_lead_somewhere():
    for path in (TOP / "README.md", TOP / "data" / "README.md", TOP / "benchmarks" / "README.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert target.startswith("http") or (path.parent / target).exists(), (path, target)
