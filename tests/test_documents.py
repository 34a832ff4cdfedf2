"""Documents cannot go stale: their figures and commands are run here."""

import importlib.machinery
import importlib.util
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent


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


def test_links_inside_the_project_lead_somewhere():
    for path in (TOP / "README.md", TOP / "data" / "README.md", TOP / "benchmarks" / "README.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert target.startswith("http") or (path.parent / target).exists(), (path, target)
