"""How the documentation is built: Sphinx with furo, nothing fetched while it is read."""

import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import rejectnlp  # noqa: E402

project = "rejectnlp"
copyright = "2026, the rejectnlp authors"  # noqa: A001 - Sphinx's name
version = release = rejectnlp.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "rejectnlp"
html_copy_source = html_show_sourcelink = False
exclude_patterns = ["_build"]

default_role = "code"  # docstrings put names into single backticks
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = False


def skip_routing(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Leave out what scikit-learn adds to every estimator for its routing of metadata."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def setup(app: Any) -> None:
    """Register with Sphinx."""
    app.connect("autodoc-skip-member", skip_routing)


def write_commands(file: Path) -> None:
    """Write the page of commands from `--help`, so that it cannot go stale."""
    from typer.testing import CliRunner

    from rejectnlp.cli import app

    groups = {g.name: g.typer_instance for g in app.registered_groups}
    commands = [[]]
    commands += [[c.name or c.callback.__name__] for c in app.registered_commands]
    for name, group in groups.items():
        commands += [[name, c.name or c.callback.__name__] for c in group.registered_commands]
    lines = [
        "# Commands",
        "",
        "What `--help` says, taken from the program while this was built.",
        "",
    ]
    for command in commands:
        said = CliRunner().invoke(
            app, [*command, "--help"], prog_name="rejectnlp", env={"COLUMNS": "80"}
        )
        lines += [
            f"## rejectnlp {' '.join(command)}".rstrip(),
            "",
            "```text",
            said.stdout.strip(),
            "```",
            "",
        ]
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(lines), encoding="utf-8")


write_commands(HERE / "_made" / "commands.md")
