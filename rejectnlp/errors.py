"""The tree of errors: what rejectnlp tells a person when something is at fault.

Messages name the place, the problem and the remedy, and never quote an account,
for it is somebody's story. Anything that is not a `RejectNLPError` is a bug.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import partial
from typing import Any


class RejectNLPError(Exception):
    """Something that the user can put right: place, problem and remedy.

    Parameters
    ----------
    problem
        What is wrong, as a sentence without its full stop.
    place
        File, row or column at fault; empty where there is none.
    remedy
        What to do about it.

    Examples
    --------
    >>> print(DataError("no column 'stroy'", place="a.csv", remedy="Did you mean 'story'?"))
    a.csv: no column 'stroy'. Did you mean 'story'?
    """

    exit_code = 1

    def __init__(self, problem: str, *, place: str = "", remedy: str = "") -> None:
        self.problem = problem
        self.place = place
        self.remedy = remedy
        super().__init__(problem, place, remedy)

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the parts on the way from a worker process: Python alone would lose them."""
        return partial(type(self), self.problem, place=self.place, remedy=self.remedy), ()

    def __str__(self) -> str:
        """Compose the message from its parts."""
        where = f"{self.place}: " if self.place else ""
        gap = "" if self.remedy.startswith("\n") else " "  # a list stands on lines of its own
        remedy = f"{gap}{self.remedy}" if self.remedy else ""
        stop = "" if self.problem.endswith((".", "?", "!", ":")) else "."
        return f"{where}{self.problem}{stop}{remedy}"


class UsageError(RejectNLPError):
    """A wrong option, column or path: the call has to change, not the data."""

    exit_code = 2


class DataError(RejectNLPError):
    """A file or its rows are at fault."""


class ModelError(RejectNLPError):
    """A model folder is missing, broken, hostile or made for other causes."""


class OutputError(RejectNLPError):
    """A result cannot be written where it should go."""


def quoted(name: str) -> str:
    """Give a name in quotes; what is too long for one may be a story, and is only measured.

    Examples
    --------
    >>> quoted("skill_gap"), quoted("They never called me back after that.")
    ("'skill_gap'", '(text of 37 characters)')
    """
    is_name = len(name) <= 40 and len(name.split()) <= 3 and name.isprintable()
    return f"'{name}'" if is_name else f"(text of {len(name):,} characters)"


def suggest(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, or an empty string.

    Examples
    --------
    >>> suggest("stroy", ["id", "story"])
    "Did you mean 'story'? "
    >>> suggest("zzz", ["id", "story"])
    ''
    """
    by_lower = {k.lower(): k for k in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"Did you mean '{by_lower[near[0]]}'? " if near else ""
