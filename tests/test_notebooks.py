"""Notebooks run on a fresh kernel, and what is committed of them shows nobody's story."""

import importlib.machinery
import importlib.util
import json
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
NOTEBOOKS = sorted((TOP / "notebooks").glob("*.ipynb"))
# The others take longer; `make notebooks` runs all, and so does the CI.
QUICK = [path for path in NOTEBOOKS if path.name[:2] in ("01", "04")]
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def read_cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def read_outputs(path):
    return [output for cell in read_cells(path) for output in cell.get("outputs", [])]


@pytest.mark.slow
@pytest.mark.parametrize("path", QUICK, ids=lambda path: path.name)
def test_it_runs_from_top_to_bottom_on_a_fresh_kernel(path):
    loader = importlib.machinery.SourceFileLoader("notebooks", str(TOP / ".ci" / "notebooks"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("notebooks", loader))
    loader.exec_module(module)
    done = module.run_notebook(path)
    assert sum(cell["cell_type"] == "code" for cell in done["cells"]) > 5


@each
def test_outputs_are_those_of_one_run_from_top_to_bottom(path):
    counts = [cell["execution_count"] for cell in read_cells(path) if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert not [output for output in read_outputs(path) if output["output_type"] == "error"]
    assert not [output for output in read_outputs(path) if output.get("name") == "stderr"]


@each
def test_no_notebook_defines_what_the_package_should_have(path):
    code = [cell for cell in read_cells(path) if cell["cell_type"] == "code"]
    assert not re.search(r"^(def|class) ", "\n".join("".join(c["source"]) for c in code), re.M)


@each
def test_no_story_of_the_dataset_and_no_path_of_a_machine_is_in_an_output(path):
    shown = " ".join(re.sub(r"\\n|\s+", " ", json.dumps(o)) for o in read_outputs(path))
    with (TOP / "data" / "accounts.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    openings = [" ".join(text.split())[:50] for text in texts]
    assert not [opening for opening in openings if json.dumps(opening)[1:-1] in shown]
    assert not re.search(r"/(home|root|work|tmp|Users)/", shown)


@each
def test_the_test_part_is_never_scored(path):
    code = "\n".join("".join(cell["source"]) for cell in read_cells(path))
    assert not re.search(r"(==|split=) ?[\"']test[\"']", code)


def test_all_of_them_together_are_small():
    assert len(NOTEBOOKS) >= 4
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 1_500_000
