"""How the tagger behaves: cases decided by the codebook, contrasts, and what must change nothing.

A score says how often the tags are right; this says where they go wrong. The contrast pairs
tell one situation twice, once with the cause and once with it denied, only wondered about or
told of somebody else.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rejectnlp.accounts import split_sentences
from rejectnlp.codebook import read_codebook
from rejectnlp.dataset import read_rows
from rejectnlp.errors import DataError, UsageError
from rejectnlp.scorer import Tagger
from rejectnlp.settings import SETTINGS, asset_path

_BRITISH = (
    "organisation organised apologised apologise realised realise recognised recognise behaviour "
    "colour favour favourite labour centre programme programmes specialised prioritise "
    "licence cancelled travelling counselling counsellor enrolled fulfil judgement grey "
    "analysed practised theatre cheque tyre mum neighbour honour"
).split()
_AMERICAN = (
    "organization organized apologized apologize realized realize recognized recognize behavior "
    "color favor favorite labor center program programs specialized prioritize "
    "license canceled traveling counseling counselor enrolled fulfill judgment gray "
    "analyzed practiced theater check tire mom neighbor honor"
).split()
# Not "her": only its sentence says whether that becomes "him" or "his".
_OTHER = {"he": "she", "him": "her", "his": "her", "she": "he"}
_NEUTRAL = (
    "The building was near the station.",
    "I had written the date in my calendar.",
    "It was raining when I got there.",
    "My sister drove me home.",
    "This was in March.",
    "The office had big windows.",
)
_NAMES = ("Maria", "Ahmed", "Wei", "Siobhan", "Chinedu", "Priya", "John", "Olga")
_FIRMS = ("Northbridge", "Kelvin and Sons", "Sunrise Foods", "Dataplan", "Hillview Trust")


@dataclass(frozen=True)
class Pair:
    """One situation told twice: `present` gives grounds for the cause, `absent` does not.

    `how` says why not: denied, went_well, wondered, other_person, other_time, formula or
    after_refusal.
    """

    cause: str
    present: str
    absent: str
    how: str


@dataclass(frozen=True)
class Contrast:
    """Of the pairs of one cause, or of one way to be absent: how many come out right."""

    name: str
    n: int
    n_present: int
    n_absent: int
    n_both: int


@dataclass(frozen=True)
class Invariance:
    """A change that must not change the causes: texts it was tried on, and those it flipped."""

    name: str
    n: int
    n_flipped: int


@dataclass(frozen=True)
class Behaviour:
    """What `rejectnlp evaluate --behaviour` says.

    `failed_cases` are ids of hard cases; `contrasts` stand by cause, `ways` by how the cause
    is absent.
    """

    n_hard_cases: int
    failed_cases: tuple[str, ...]
    contrasts: tuple[Contrast, ...]
    ways: tuple[Contrast, ...]
    invariances: tuple[Invariance, ...]

    @property
    def share_of_pairs(self) -> float:
        """Share of pairs of which both texts come out right."""
        return sum(c.n_both for c in self.contrasts) / max(1, sum(c.n for c in self.contrasts))

    @property
    def share_flipped(self) -> float:
        """Share of changed texts whose causes changed."""
        n = sum(i.n for i in self.invariances)
        return sum(i.n_flipped for i in self.invariances) / max(1, n)

    def to_dict(self) -> dict[str, Any]:
        """Give the behaviour as plain values for JSON."""
        shares = {"share_of_pairs": self.share_of_pairs, "share_flipped": self.share_flipped}
        return {**asdict(self), **shares}


def read_pairs() -> list[Pair]:
    """Read the contrast pairs that ship with rejectnlp.

    Examples
    --------
    >>> len({pair.cause for pair in read_pairs()})
    13
    """
    path = asset_path("data", "behaviour/contrast_pairs.jsonl")
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [
            Pair(*(row[name] for name in ("cause", "present", "absent", "how"))) for row in rows
        ]
    except (OSError, ValueError, KeyError) as error:
        raise DataError("the contrast pairs cannot be read", place=str(path)) from error


def measure_behaviour(tagger: Tagger) -> Behaviour:
    """Try a model on the hard cases, the contrast pairs, and changes that must change nothing.

    Raises
    ------
    UsageError
        If the model has other causes than the codebook's.

    References
    ----------
    Ribeiro et al., Beyond accuracy: behavioral testing of NLP models with CheckList
    (ACL 2020). Gardner et al., Evaluating models' local decision boundaries via contrast
    sets (EMNLP Findings 2020).
    """
    if tagger.causes != read_codebook().ids:
        raise UsageError("the behaviour suite is for models of the codebook's causes")
    cases = read_rows([asset_path("data", "hard_cases.jsonl")])
    pairs = read_pairs()
    named = _name(tagger, [case.text for case in cases])
    failed = [
        case.id for case, causes in zip(cases, named, strict=True) if causes != set(case.labels)
    ]
    texts = [case.text for case in cases] + [t for p in pairs for t in (p.present, p.absent)]
    return Behaviour(
        len(cases),
        tuple(failed),
        *_judge_pairs(tagger, pairs),
        tuple(_try_change(tagger, name, change, texts) for name, change in CHANGES.items()),
    )


def _name(tagger: Tagger, texts: Sequence[str]) -> list[set[str]]:
    return [set(causes) for causes in tagger.predict(texts)]


def _judge_pairs(
    tagger: Tagger, pairs: Sequence[Pair]
) -> tuple[tuple[Contrast, ...], tuple[Contrast, ...]]:
    there = _name(tagger, [pair.present for pair in pairs])
    not_there = _name(tagger, [pair.absent for pair in pairs])
    results = [
        (pair, pair.cause in present, pair.cause not in absent)
        for pair, present, absent in zip(pairs, there, not_there, strict=True)
    ]

    def count(name: str, of: Callable[[Pair], str]) -> Contrast:
        own = [(present, absent) for pair, present, absent in results if of(pair) == name]
        present, absent = (sum(column) for column in zip(*own, strict=True))
        return Contrast(name, len(own), present, absent, sum(a and b for a, b in own))

    ways = dict.fromkeys(pair.how for pair in pairs)
    return (
        tuple(count(cause, lambda pair: pair.cause) for cause in tagger.causes),
        tuple(count(way, lambda pair: pair.how) for way in ways),
    )


def _try_change(tagger: Tagger, name: str, change: Change, texts: Sequence[str]) -> Invariance:
    """Compare the causes of texts before and after a change; texts it leaves alone do not count."""
    rng = random.Random(SETTINGS.seed)
    both = [change(text, rng) for text in texts]
    changed = [(before, after) for before, after in both if before != after]
    before = _name(tagger, [text for text, _ in changed])
    after = _name(tagger, [text for _, text in changed])
    return Invariance(name, len(changed), sum(a != b for a, b in zip(before, after, strict=True)))


# ------------------------------------------------------------------------ changes

Change = Callable[[str, random.Random], tuple[str, str]]
"""Gives a text as it is compared, and as it is after the change."""


def swap_words(text: str, other: Mapping[str, str]) -> str:
    """Put other words in the place of some, capitals kept.

    Examples
    --------
    >>> swap_words("His colour", {"his": "her", "colour": "color"})
    'Her color'
    """

    def swap(match: re.Match[str]) -> str:
        word = match.group()
        new = other.get(word.lower(), word)
        return new.capitalize() if word[:1].isupper() and new != word else new

    return re.sub(r"[A-Za-z]+", swap, text)


def _add_slips(text: str, rng: random.Random) -> tuple[str, str]:
    """Turn two letters round inside one longer word in ten."""

    def slip(match: re.Match[str]) -> str:
        word = match.group()
        if rng.random() > 0.1:
            return word
        at = rng.randrange(1, len(word) - 2)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return text, re.sub(r"[A-Za-z]{5,}", slip, text)


def _swap_spelling(text: str, rng: random.Random) -> tuple[str, str]:
    forth = dict(zip(_BRITISH, _AMERICAN, strict=True))
    back = dict(zip(_AMERICAN, _BRITISH, strict=True))
    del back["check"], back["program"], back["programs"], back["license"]  # also British words
    return text, swap_words(text, {**back, **forth})


def _add_sentence(text: str, rng: random.Random) -> tuple[str, str]:
    return text, f"{text} {rng.choice(_NEUTRAL)}"


def _compare_names(text: str, rng: random.Random) -> tuple[str, str]:
    one, other = rng.sample(_NAMES, 2)
    return f"{text} I wrote to {one} about it.", f"{text} I wrote to {other} about it."


def _compare_firms(text: str, rng: random.Random) -> tuple[str, str]:
    one, other = rng.sample(_FIRMS, 2)
    return f"{text} This was at {one}.", f"{text} This was at {other}."


def _turn_round(text: str, rng: random.Random) -> tuple[str, str]:
    sentences = [sentence.text for sentence in split_sentences(text)]
    return text, " ".join(reversed(sentences)) if len(sentences) > 1 else text


CHANGES: Mapping[str, Change] = {
    "another name": _compare_names,
    "another firm": _compare_firms,
    "he for she": lambda text, rng: (text, swap_words(text, _OTHER)),
    "lower case": lambda text, rng: (text, text.lower()),
    "capitals": lambda text, rng: (text, text.upper()),
    "no full stops or commas": lambda text, rng: (text, re.sub(r"[.,;:!](?!\d)", "", text)),
    "no apostrophes": lambda text, rng: (text, re.sub(r"(?<=\w)['’](?=\w)", "", text)),
    "slips of typing": _add_slips,
    "British or American spelling": _swap_spelling,
    "a neutral sentence more": _add_sentence,
    "sentences turned round": _turn_round,
}
"""Changes that must not change the causes, by name."""
