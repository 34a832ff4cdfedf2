"""The causes in their fixed order, with what counts, whose move it is and what to do next."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from itertools import chain
from typing import Any

from rejectnlp.errors import DataError, quoted, suggest
from rejectnlp.settings import asset_path

UNEXPLAINED = "unexplained"
"""The answer of an account that gives no grounds for any cause; never beside another one."""


@dataclass(frozen=True)
class Cause:
    """One reason why an interview ended without an offer, by the codebook's rules."""

    id: str
    name: str
    definition: str = ""
    counts: tuple[str, ...] = ()
    does_not_count: tuple[str, ...] = ()
    whose_move: str = ""
    next_steps: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    is_core: bool = False


@dataclass(frozen=True)
class Codebook:
    """Causes in a fixed order, and `unexplained` beside them.

    Examples
    --------
    >>> book = read_codebook()
    >>> len(book.causes), book.ids[0], book["undersold"].whose_move
    (13, 'skills_gap', 'candidate')
    """

    version: str
    causes: tuple[Cause, ...]
    unexplained: Cause

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Ids of the causes in order, `unexplained` left out."""
        return tuple(cause.id for cause in self.causes)

    @property
    def is_own(self) -> bool:
        """Whether the causes are a user's own, of which nothing but the ids is known."""
        return self.version == "own"

    @property
    def core(self) -> tuple[str, ...]:
        """Ids of the core causes."""
        return tuple(cause.id for cause in self.causes if cause.is_core)

    def __getitem__(self, cause_id: str) -> Cause:
        """Find a cause by its id, `unexplained` included."""
        return self._by_id[cause_id]

    @cached_property
    def _by_id(self) -> dict[str, Cause]:
        return {cause.id: cause for cause in (*self.causes, self.unexplained)}

    def check(self, labels: Iterable[str]) -> str:
        """Say what is wrong with the labels of one account, or an empty string.

        Examples
        --------
        >>> read_codebook().check(["skill_gap"])
        "cause 'skill_gap' is not in the codebook. Did you mean 'skills_gap'?"
        >>> read_codebook().check(["skills_gap"])
        ''
        """
        labels = list(labels)
        known = (*self.ids, UNEXPLAINED)
        for label in labels:
            if label not in known:
                return (
                    f"cause {quoted(label)} is not in the codebook. {suggest(label, known)}".strip()
                )
        if len(set(labels)) < len(labels):
            return "a cause is named twice"
        if UNEXPLAINED in labels and len(labels) > 1:
            return "'unexplained' stands beside another cause"
        return "" if labels else "no label; an account without a cause is 'unexplained'"

    def whose_move(self, causes: Iterable[str]) -> tuple[str, ...]:
        """Say who could act on these causes: candidate, employer or both.

        Examples
        --------
        >>> read_codebook().whose_move(["skills_gap", "cold_interviewer"])
        ('candidate', 'employer')
        """
        moves = [self[cause].whose_move for cause in causes]
        return tuple(dict.fromkeys(move for move in moves if move and move != "nobody"))

    def to_dict(self) -> dict[str, Any]:
        """Give the codebook as plain values for JSON."""
        return {
            "version": self.version,
            "causes": [asdict(cause) for cause in self.causes],
            "unexplained": asdict(self.unexplained),
        }

    @classmethod
    def from_dict(cls, parts: Mapping[str, Any]) -> Codebook:
        """Build a codebook from what `to_dict` gives; raises `DataError` if it cannot."""
        try:
            causes = tuple(_read_cause(cause) for cause in parts["causes"])
            return cls(str(parts["version"]), causes, _read_cause(parts["unexplained"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError("not a codebook: a cause or one of its parts is missing") from error

    @classmethod
    def from_ids(cls, ids: Iterable[str]) -> Codebook:
        """Make a codebook for a user's own causes, known by their ids alone.

        Examples
        --------
        >>> Codebook.from_ids(["late", "price"]).ids
        ('late', 'price')
        """
        causes = tuple(_check_shown(Cause(i, i.replace("_", " ").capitalize())) for i in ids)
        return cls("own", causes, Cause(UNEXPLAINED, "Unexplained"))


# A codebook that came with somebody's model is shown in a terminal, which obeys escapes.
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def _check_shown(cause: Cause) -> Cause:
    texts = (cause.id, cause.name, cause.definition, cause.whose_move)
    lists = (cause.counts, cause.does_not_count, cause.next_steps, cause.keywords)
    if _UNSHOWN.search("\n".join([*texts, *chain.from_iterable(lists)])):
        raise DataError("a cause holds control characters", remedy="Take them out.")
    return cause


def _read_cause(parts: Mapping[str, Any]) -> Cause:
    lists = ("counts", "does_not_count", "next_steps", "keywords")
    cause = Cause(
        id=str(parts["id"]),
        name=str(parts["name"]),
        definition=str(parts["definition"]),
        whose_move=str(parts["whose_move"]),
        is_core=bool(parts["is_core"]),
        **{key: tuple(str(item) for item in parts[key]) for key in lists},
    )
    return _check_shown(cause)


@cache
def read_codebook() -> Codebook:
    """Read the codebook that ships with rejectnlp."""
    path = asset_path("data", "codebook.json")
    return Codebook.from_dict(json.loads(path.read_text(encoding="utf-8")))
