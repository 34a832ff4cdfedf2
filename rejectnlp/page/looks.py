"""Templates to HTML, with every text escaped; and the style and script beside them."""

from __future__ import annotations

from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from rejectnlp.care import CARE_NOTE

STATIC = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "label.css": "text/css; charset=utf-8",
    "label.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""All that a browser may load beside the page, and its kind."""


def show(template: str, **values: object) -> HTMLResponse:
    """Give a template filled with values, as an answer."""
    return HTMLResponse(_templates().get_template(template).render(**values))


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("rejectnlp.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def fill_globals() -> None:
    """Compile the templates ahead, so that the first answer does not wait for it."""
    env = _templates()
    env.globals["care_note"] = CARE_NOTE
    for name in env.list_templates():
        env.get_template(name)


@cache
def read_static(name: str) -> bytes:
    """Read the style or the script."""
    return (resources.files("rejectnlp.page") / "static" / name).read_bytes()
