"""What an installation can do: the answer to "is it me, or is something missing here?"."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from rejectnlp.errors import RejectNLPError
from rejectnlp.scorer import load
from rejectnlp.scoring import library_path

_CHECK = "They told me that the job had gone to an internal candidate."
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "pandas", "typer", "starlette")
_EXTRAS = {"pyarrow": "Parquet files", "pypdf": "PDF stories on the page"}


def examine() -> list[tuple[str, str]]:
    """Look at this installation; give what was looked at and what was found.

    Raises
    ------
    ModelError
        If the model that ships is missing or damaged.

    Examples
    --------
    >>> dict(examine())["answer"]
    'right'
    """
    tagger = load()
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    found = [("rejectnlp", version("rejectnlp")), ("system", system)]
    how = f"compiled ({library_path()})"
    if not tagger.is_compiled:
        how = "plain Python: the same numbers, slower; a C compiler at installation makes it fast"
    found.append(("scoring", how))
    about = tagger.model.about["data"]["n_accounts"]
    found.append(("model", f"{len(tagger.causes)} causes, learned from {about:,} accounts"))
    if tagger.predict([_CHECK])[0][0] != "pre_chosen_candidate":
        raise RejectNLPError(
            "the model gives another answer than it should to a plain account",
            remedy="Install rejectnlp again.",
        )
    found.append(("answer", "right"))
    found += [(name, _version(name)) for name in _LIBRARIES]
    for name, what in _EXTRAS.items():
        here = version(name) if find_spec(name) else f"not installed: no {what}"
        found.append((name, here))
    return found


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
