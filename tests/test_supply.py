"""What rejectnlp is made from: pinned, with hashes, under licences that go with ours."""

import re
import runpy
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

TOP = Path(__file__).parent.parent


def pins(name):
    text = (TOP / name).read_text(encoding="utf-8")
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {canonicalize_name(package): version for package, version in found}


def test_every_locked_package_has_hashes_and_the_version_of_the_constraints():
    text = (TOP / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[\w.-]+==)", text.strip())
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)
    assert "://" not in text
    locked, constrained = pins("requirements.lock"), pins("constraints.txt")
    assert locked.keys() >= constrained.keys()
    assert {name: locked[name] for name in constrained} == constrained


def test_the_locked_environment_holds_all_that_the_project_asks_for():
    locked = pins("requirements.lock")
    for line in metadata.requires("rejectnlp") or ():
        assert canonicalize_name(re.match(r"[\w.-]+", line)[0]) in locked, line


def test_no_licence_is_copyleft_beyond_lgpl_and_mpl_and_the_page_is_fresh():
    script = runpy.run_path(str(TOP / ".ci" / "licences"))
    assert script["find_refused"]() == []
    assert len(script["find_packages"]()) > 20
    page = (TOP / "docs" / "licences.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| ([\w-]+) \| \d", page, re.MULTILINE))
    assert named == set(script["find_packages"]())


def test_a_copyleft_licence_is_noticed(monkeypatch):
    script = runpy.run_path(str(TOP / ".ci" / "licences"))
    for licence, is_refused in (
        ("GPL-3.0-or-later", True),
        ("GNU Affero General Public License v3", True),
        ("not stated", True),
        ("LGPL-2.1", False),
        ("MPL-2.0 AND MIT", False),
        ("MIT OR GPL-2.0", False),
    ):
        scope = script["find_refused"].__globals__
        monkeypatch.setitem(scope, "licence_of", lambda package, licence=licence: licence)
        assert bool(script["find_refused"]()) is is_refused, licence


def test_every_test_that_the_page_of_promises_names_is_there():
    page = (TOP / "docs" / "robustness.md").read_text(encoding="utf-8")
    tests = "\n".join(p.read_text(encoding="utf-8") for p in (TOP / "tests").glob("*.py"))
    named = re.findall(r"`(test_\w+)`", page)
    assert len(named) > 40
    assert [name for name in named if f"def {name}(" not in tests] == []
    for path in re.findall(r"`((?:\.ci|fuzz)/[\w.]+)`?", page):
        assert (TOP / path).is_file()
