"""Personal data hidden in a text, as far as patterns and a list of names can see it.

What it cannot see: names in lower case; rare names that nothing around them betrays;
names that are ordinary words at the start of a sentence (Will, Grace); firms that stand
without "at", "with", "for" and have no Ltd or Inc; places; and everything that points to
somebody without naming him ("the only surgeon of the island"). A text that is redacted is
not anonymous. Who must be sure has to read it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple, Protocol

from rejectnlp.settings import asset_path

KINDS = ("name", "mail", "phone", "link", "firm", "address", "number")
"""What is hidden; each stands in the text as its kind in square brackets."""


class Personal(NamedTuple):
    """A place in a text that names somebody or leads to him."""

    start: int
    end: int
    kind: str


def redact(text: str) -> tuple[str, Mapping[str, int]]:
    """Give a text with personal data hidden, and how often each kind of it was.

    Takes time in proportion to the text's length. The module says what it cannot see.

    Examples
    --------
    >>> redact("Dear Ms Okafor, I spoke to Tom at Acme. Mail me: jo@example.org")[0]
    'Dear Ms [name], I spoke to [name] at [firm]. Mail me: [mail]'
    >>> redact("In 2024 I asked for 45,000, then 2 of 3 said no.")
    ('In 2024 I asked for 45,000, then 2 of 3 said no.', {})
    """
    spans = find_personal(text)
    return replace_spans(text, spans)[0], dict(Counter(span.kind for span in spans))


class Place(Protocol):
    """Gives the place in a redacted text of one in the text it was made of."""

    def __call__(self, offset: int, *, is_end: bool = False) -> int:
        """Give the new offset; within what was hidden, its start, or its end."""


def replace_spans(text: str, spans: Sequence[Personal]) -> tuple[str, Place]:
    """Put the kinds in the place of spans, and say where all else has gone.

    Examples
    --------
    >>> shown, place = replace_spans("Hi Tom, no.", [Personal(3, 6, "name")])
    >>> shown, place(8), place(4), place(4, is_end=True)
    ('Hi [name], no.', 11, 3, 9)
    """
    parts, starts, places = [], [0], [0]
    n_out = at = 0
    for span in spans:
        mark = f"[{span.kind}]"
        parts += [text[at : span.start], mark]
        n_out += span.start - at
        starts.append(span.start)
        places.append(n_out)
        n_out += len(mark)
        starts.append(span.end)
        places.append(n_out)
        at = span.end
    parts.append(text[at:])

    def place(offset: int, *, is_end: bool = False) -> int:
        i = bisect_right(starts, offset) - 1
        if i % 2 == 0 or offset == starts[i]:  # Outside of what was hidden, or at its start.
            return places[i] + offset - starts[i]
        return places[i + 1] if is_end else places[i]

    return "".join(parts), place


def find_personal(text: str) -> list[Personal]:
    """Find what names somebody or leads to him: in order, without overlaps."""
    found = _Found(text)
    for kind, pattern, is_meant in _PATTERNS:
        found.add_all(kind, (m.span() for m in pattern.finditer(text) if is_meant(m)))
    names = [*_names_in_context(text), *_names_of_the_list(text)]
    firms = list(_firms_in_context(text))
    found.add_all("name", names)
    found.add_all("firm", firms)
    # Who was named once is known in the rest of the text, where nothing else betrays him.
    found.add_all("name", _again(text, found.of("name"), 2))
    found.add_all("firm", _again(text, found.of("firm"), 3))
    return sorted(found.spans)


class _Found:
    """Spans, of which an earlier one keeps its place."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._taken = bytearray(len(text))
        self.spans: list[Personal] = []

    def add_all(self, kind: str, places: Iterable[tuple[int, int]]) -> None:
        for start, end in places:
            if start < end and not any(self._taken[start:end]):
                self._taken[start:end] = b"\1" * (end - start)
                self.spans.append(Personal(start, end, kind))

    def of(self, kind: str) -> set[str]:
        return {self._text[s.start : s.end] for s in self.spans if s.kind == kind}


# --- what has a form of its own ----------------------------------------------------------


def _always(match: re.Match[str]) -> bool:
    return True


def _is_phone(match: re.Match[str]) -> bool:
    """Tell a phone number from years, dates, sums and scores."""
    said = match[0]
    digits = re.sub(r"\D", "", said)
    if not 7 <= len(digits) <= 15 or (re.fullmatch(r"[\d.]+", said) and "." in said):
        return bool(re.fullmatch(r"\d{3}\.\d{3}\.\d{4}", said))
    if said.startswith(("+", "(0", "00")):
        return True
    if said.startswith("0"):
        return 9 <= len(digits) <= 12 and not re.match(r"0\d[-/ ]\d\d?[-/ ](19|20)\d\d\b", said)
    shape = r"1?[-. ]?\(?\d{3}\)?[-. ]{1,2}\d{3}[-. ]\d{4}|\d{3}-\d{4}"
    return bool(re.fullmatch(shape, said))


def _is_id(match: re.Match[str]) -> bool:
    return not match[0].endswith("000")  # A round number is a sum or a count.


_STREET = "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Boulevard|Blvd|Square|Terrace|Crescent|Close"
_STATE = (
    "A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|"
    "UT|V[AT]|W[AIVY]"
)
_SUFFIX = (
    r"Ltd|Limited|Inc|Incorporated|GmbH|LLC|LLP|plc|PLC|Corp|Corporation|AG|KG|S\.?A|B\.?V|Pty"
)
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ][\w&'’.-]{0,30}"

# Every repeat is bounded or begins where no other can, so that time stays linear.
_PATTERNS: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], bool]], ...] = (
    ("mail", re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), _always),
    (
        "link",
        re.compile(r"\b(?:https?://|www\.)[^\s<>\"'”’)\]]*[^\s<>\"'”’)\].,;:!?]", re.I),
        _always,
    ),
    (
        "link",
        re.compile(
            r"(?<![\w@./-])(?!(?:asp|vb|ado)\.net)(?:[\w-]+\.)+"
            r"(?:(?:com|org|net|edu|gov|de|fr|co\.uk|ac\.uk)\b(?:/[^\s<>\"')\]]*[^\s<>\"')\].,;:!?])?"
            r"|[a-z]{2,6}/[^\s<>\"')\]]*[^\s<>\"')\].,;:!?])",
            re.I,
        ),
        _always,
    ),
    ("name", re.compile(r"(?<![\w@./])@[A-Za-z_][\w.]{0,38}\w"), _always),
    ("name", re.compile(r"(?<![\w/])u/[\w-]{3,20}\b"), _always),
    (
        "phone",
        re.compile(r"(?<![\w.,$£€+/-])[+(]{0,2}\d[\d ().\-/\u00a0]{5,22}\d(?![\w%]|[.,]\d)"),
        _is_phone,
    ),
    ("number", re.compile(r"(?<![\w.,$£€+-])\d{7,}(?!\w|[.,]\d)"), _is_id),
    ("number", re.compile(r"\b(?!ISO|RFC|CVE|IEC|DIN)[A-Z]{1,5}(?:[-#/]\d{4,}|\d{6,})\b"), _always),
    ("number", re.compile(r"(?<=[#№])[A-Z]{0,4}\d{4,}\b"), _always),
    (
        "address",
        re.compile(
            r"(?<![\w.,$£€-])\d{1,5}[A-Za-z]?,? (?:[A-Z][\w'.-]{1,20} ){1,4}"
            rf"(?:{_STREET})\b\.?"
        ),
        _always,
    ),
    (
        "address",
        re.compile(
            r"\b[A-ZÄÖÜ][\wß-]{2,24}(?:straße|strasse|str\.|weg|gasse|platz|allee) \d{1,4}[a-z]?\b"
        ),
        _always,
    ),
    ("address", re.compile(rf"\b(?:{_STATE}) \d{{5}}(?:-\d{{4}})?\b"), _always),
    ("address", re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}\b"), _always),
    ("address", re.compile(r"\bP\.?\s?O\.? ?[Bb]ox \d{1,6}\b"), _always),
    (
        "firm",
        re.compile(rf"(?<![\w.])(?:{_CAPITAL}[ ,]{{1,2}}(?:(?:&|and) )?){{1,4}}(?:{_SUFFIX})\b\.?"),
        _always,
    ),
)


# --- what only the words around betray ---------------------------------------------------

# A capital and small letters: O'Brien, McCall, Anne-Marie; never HR or CEO.
_UP, _LOW = r"[^\W\d_a-zß-öø-ÿ]", r"[^\W\d_A-ZÀ-ÖØ-Þ]"
_WORD = rf"\b(?:[OD]['’])?{_UP}{_LOW}{{1,20}}(?:{_UP}{_LOW}{{1,20}})?(?:-{_UP}{_LOW}{{1,20}})?\b"
_FULL = rf"{_WORD}(?: {_UP}\.)?(?: (?:van|von|de|da|al|el|bin) (?={_UP}))?(?: {_WORD})?"
_WHO = (
    r"manager|boss|recruiter|interviewer|friend|colleague|co-?worker|supervisor|director|lead|mentor|wife|"
    r"husband|brother|sister|partner|girlfriend|boyfriend|son|daughter|cousin|uncle|aunt|neighbou?r|ceo|cto|"
    r"cfo|founder|owner|headhunter|coach|teacher|professor|assistant|secretary|receptionist|guy|woman|man|lady|"
    r"head|foreman|chef|nurse|principal|doctor"
)
_TITLED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Professor|Herr|Frau|Mme|Señora?|Signora?|Rabbi|Sheikh)\b\.? "
    rf"((?:{_UP}\. ?){{0,2}}{_WORD})( {_WORD})?"
)
_AFTER = re.compile(
    r"(?:"
    r"\b(?i:(?:my|our|their|his|her|the|a|an|old|new)(?: [a-z-]{1,20}){0,2}? "
    rf"(?:{_WHO}),?(?: called| named|,? one)?)"
    r"|\b(?i:named|called|name is|name's|name was|surnamed)"
    r"|\b(?i:dear|hi|hello|hey),?"
    r") "
    rf"({_FULL})"
)
_SIGNED = re.compile(
    r"(?i:\b(?:regards|wishes|sincerely|faithfully|truly|best|thanks|thank you|cheers|love|yours)\b"
    rf"[,.!]?[ \t]{{0,4}}\r?\n\s{{0,6}}|\n\s{{0,6}}[-–—~] ?)({_FULL})(?=[ \t.]{{0,4}}(?:\r?\n|\Z))"
)
_BEFORE = re.compile(
    rf"({_FULL})"
    r"(?=(?:,| \() ?(?:the|my|our|their|his|her|a|an) (?:[a-z-]{1,20} ){0,2}?(?i:"
    + _WHO
    + r"|hr)\b"
    r"| (?:from|in|of|at) (?:HR|[Hh]uman [Rr]esources|[Rr]ecruit(?:ing|ment)|[Ff]inance|[Tt]alent|"
    r"[Ss]ales|[Pp]ayroll|the [a-z]{3,20} (?:team|department)))"
)
_MET = re.compile(
    r"\b(?i:spoke|speak|speaking|talked|talk|met|chatted|chat|call|called|interview|interviewed|emailed|"
    r"mailed|wrote|mail|email|letter|phoned|rang|texted|asked|told|thank|thanks|thanked|saw|contacted)"
    r"(?: (?:up|again|back|briefly|once|on the phone))? ?(?:to|with|by|from|for)? "
    rf"({_FULL}(?: (?:and|&) {_FULL})?)"
)
_JOINED = re.compile(r" (?:and|&) ")
_AT = re.compile(
    r"\b(?:[Aa]t|[Ww]ith|[Ff]or|[Jj]oin(?:ed|ing)?|[Ll]eft|[Ll]eaving) "
    rf"((?:{_CAPITAL}|[A-Z]{{2,6}})(?: (?:(?:&|and|of) )?{_CAPITAL}){{0,3}})"
)
_TOKEN = re.compile(_WORD)


def _names_in_context(text: str) -> Iterator[tuple[int, int]]:
    for match in _TITLED.finditer(text):  # After a title even an ordinary word is a name.
        has_two = match[2] and match[2].strip().lower() not in _ordinary()
        yield match.start(1), match.end(2) if has_two else match.end(1)
    for pattern in (_AFTER, _SIGNED, _BEFORE, _MET):
        for match in pattern.finditer(text):
            start = match.start(1)
            for part in _JOINED.split(match[1]):
                begin = text.index(part, start)
                yield _without_ordinary(text, begin, begin + len(part), sure=pattern is not _MET)
                start = begin + len(part)


def _without_ordinary(text: str, start: int, end: int, *, sure: bool) -> tuple[int, int]:
    """Cut a name where an ordinary word stands; an empty place if nothing is left."""
    first: int | None = None
    for token in _TOKEN.finditer(text, start, end):
        is_listed = token[0] in _first_names()["any"]
        is_word = token[0].lower() in _ordinary() or (token[0].endswith("ly") and not is_listed)
        if is_word and not (sure and first is None and is_listed):
            return (first, token.start() - 1) if first is not None else (start, start)
        if first is None:
            if not sure and not is_listed:
                return start, start
            first = token.start()
    return (first, end) if first is not None else (start, start)


def _names_of_the_list(text: str) -> Iterator[tuple[int, int]]:
    names = _first_names()
    for token in _TOKEN.finditer(text):
        word = token[0]
        first = word.split("-")[0]
        if first not in names["any"]:
            continue
        is_name = first in names["sure"] and first.lower() not in _ordinary()
        if is_name or (first in names["word"] and _is_within(text, token)):
            yield token.start(), _end_of_name(text, token.end())


def _is_within(text: str, token: re.Match[str]) -> bool:
    """Say whether a capital has no other reason than that the word is a name."""
    before = text[max(0, token.start() - 24) : token.start()]
    last = re.search(r"([\w'’]+),? $", before)
    if not last or last[1].lower() in ("the", "a", "an", "your", "i"):
        return False
    after = re.match(r" (\w+)", text[token.end() : token.end() + 24])
    # Among capitals it stands in a title: Mark Sheet, General Hope Award.
    is_plain = last[1].islower() or last[1].lower() in _ordinary()
    return is_plain and not (after and after[1][0].isupper() and len(after[1]) > 1)


def _end_of_name(text: str, end: int) -> int:
    """Take a surname or an initial along."""
    match = re.compile(
        rf"(?: {_UP}\.(?= {_UP}))?(?: (?:van|von|de|da|al|el|bin))? ({_WORD})"
    ).match(text, end)
    if match and match[1].lower() not in _ordinary():
        return match.end()
    initial = re.compile(rf" {_UP}\b\.?(?! I\b)(?!['’])").match(text, end)
    return initial.end() if initial and initial[0].strip() != "I" else end


def _firms_in_context(text: str) -> Iterator[tuple[int, int]]:
    for match in _AT.finditer(text):
        start, words = match.start(1), match[1].split(" ")
        kept: list[str] = []
        for word in words:
            bare = word.strip(".'’-,").removesuffix("'s").removesuffix("’s")
            is_joint = word in ("&", "and", "of")
            if bare.isupper() and (match[0].lower().startswith("for") or not bare.isalpha()):
                break  # for CNA, at F2: posts and stages, not firms
            if not is_joint and (bare.lower() in _ordinary() or len(bare) < 2):
                break
            kept.append(word)
            if word.endswith((".", ",")) and not is_joint:
                break
        while kept and kept[-1] in ("&", "and", "of"):
            kept.pop()
        said = " ".join(kept)
        for tail in ("'s", "’s"):
            said = said.removesuffix(tail)
        yield start, start + len(said.rstrip(".'’-,"))


def _again(text: str, known: set[str], shortest: int) -> Iterator[tuple[int, int]]:
    parts = {part for said in known for part in _TOKEN.findall(said)}
    unsure = _first_names()["word"] | _first_names()["other"]
    parts = {
        p for p in parts if len(p) > shortest and p.lower() not in _ordinary() and p not in unsure
    }
    for token in _TOKEN.finditer(text):
        if token[0] in parts:
            yield token.span()


@cache
def _ordinary() -> frozenset[str]:
    return frozenset(word for line in _lines("ordinary_words.txt") for word in line.split())


@cache
def _first_names() -> dict[str, frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for line in _lines("first_names.txt"):
        if line.startswith("["):
            own = groups.setdefault(line.strip("[]"), set())
        else:
            own |= set(line.split())
    groups["sure"] -= groups["word"] | groups["other"]
    groups["any"] = groups["sure"] | groups["word"] | groups["other"]
    return {kind: frozenset(names) for kind, names in groups.items()}


def _lines(name: str) -> list[str]:
    lines = asset_path("data", name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
