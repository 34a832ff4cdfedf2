"""Saved articles and their comment threads: cut into passages that can be pointed at.

A page is read in four steps: HTML becomes plain text, lines become blocks (what stands
between blank lines) without furniture, the blocks part into article and comment thread, and
each of these is cut at its headings or between its comments. All steps are linear.
"""

from __future__ import annotations

import html as entities
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import dropwhile, pairwise
from pathlib import Path

from rejectnlp.errors import DataError, UsageError

# A long article has some 100 kB; beyond 5 MB a file is something else.
LARGEST_PAGE = 5_000_000


@dataclass(frozen=True)
class Passage:
    """A stretch of a page, where it stands, and whose words it holds.

    The role is `article` or `comment`.

    Examples
    --------
    >>> Passage("They had a friend for it.", "comment 3", "comment").pointer
    'comment 3'
    """

    text: str
    pointer: str
    role: str


# What a whole line can be besides text. The first kind that matches counts; lines of over 300
# characters are text. Quotes are straightened and heading marks taken off before matching.
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)[a-z]*\.?"
_SHARE = r"(?:share|tweet|pin|e-?mail|print|facebook|twitter|linkedin|pinterest|whatsapp|reddit)"
_KINDS: dict[str, tuple[str, ...]] = {
    # The comments begin.
    "thread": (
        r"leave a (?:reply|comment)(?: to .+)?(?: cancel reply)?",
        r"\d+ comment threads?",
        r"(?:\d+|one) (?:thoughts?|comments?|responses?|replies)(?: (?:on|to) [\"'«].*)?",
        r"(?:(?:all|reader|user) )?comments(?: ?\(\d+\))?:?",
    ),
    # The page wants something: dropped with what follows, up to the next heading or comment.
    "call": (
        r"tell us what you think\W*",
        r"what (?:am i|are you) worth\?",
        r"want (?:the full|more (?:answers|advice|tips|help)|help|to know more)\b[^?]*\?",
        r"looking for (?:a|your) (?:(?:new|next|dream) )?job\?(?: +(?:visit|find|search|try) .*)?",
        r"(?:get|download|grab) (?:my|our|the|your) free .+",
        r"(?:join our|subscribe to|sign up (?:for|to)) .+",
        r"about the author\b.*",
        r"(?:related|top|popular|recent|latest|more|similar|recommended) (?:post|article|stor)\w*",
        r"you (?:may|might) also (?:like|enjoy).*",
    ),
    # A request for comments: dropped from articles, but readers may write so themselves.
    "request": (
        r".*\bleave (?:us |me )?(?:a|your) comments?\b.*",
        r".*\b(?:tell|let|leave|share)\b.*\bin the comments?\b.*",
    ),
    # A date, alone or before counts: with a short line above it, that is the author's name.
    "date": (
        rf"(?:(?:last )?(?:posted|published|updated|edited)?:? ?(?:on )?)(?:\w+day,? )?"
        rf"(?:{_MONTH} \d{{1,2}},? \d{{4}}|\d{{1,2}} {_MONTH},? \d{{4}}|\d{{4}}-\d\d-\d\d"
        r"|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})"
        r"(?:[\s,|·•-]+(?:at|by|[\d:,.]+|[ap]\.?m\.?|views?|comments?|reply|min|read|says:?))*",
        r"(?:\d+|an?) (?:minute|hour|day|week|month|year)s? ago",
    ),
    "author": (r".{1,60} says:",),
    # A button below a comment.
    "button": (r"(?:log in to )?reply|reply to .{1,60}|report(?: abuse)?",),
    # All else that is nobody's words.
    "furniture": (
        r"[-_*=~•·|\s]{3,}",
        r"(?:skip|jump) to .*\b(?:content|navigation)",
        r"back to (?:top|home|.*\b(?:news|blog|articles|jobs|list|results))",
        r"(?:sign|log) ?(?:up|in)|login required|you must be logged in.*|subscribe",
        rf"{_SHARE}(?:[^\w]+(?:{_SHARE}|this|on|via|\d+))*\W*",
        r"(?:share|save|print|like|email) this\b.{0,40}|likes?|loading\W*",
        r"\W*(?:photo|image|picture) (?:credit|by|courtesy|source)\b.*",
        r"advertisements?|sponsored(?: content)?|promoted",
        r"(?:we|this (?:web)?site|our (?:web)?site) uses? cookies.*|.*\b(?:accept|all) cookies\W*",
        r"cookie (?:policy|settings|preferences|notice)",
        r"(?:© ?|\(c\) |copyright )\d{4}.*|all rights reserved.*",
        r"privacy policy|terms (?:of|and) \w+",
        r"do you know what you're worth\?",
        r"your e-?mail address will not be published.*|required fields are marked.*",
        r"notify (?:me )?of.*|save my name, e-?mail.*|(?:name|e-?mail|website|url) ?\*?",
        r"(?:post|submit|add|write|cancel)(?: a| your)? (?:comment|reply)",
        r"\d+ (?:thread replies|comment authors?|views|shares|likes|points|upvotes?)",
        r".*recent comment authors|most reacted comment|hottest comment thread",
        r"newest\W+oldest.*|(?:sort|order) by.*|(?:load|view|show) (?:more|all).*",
        r"(?:find|follow) (?:us|me) on.*|read more(?: from .*)?\W*|see all .*",
        r"(?:#\w+[\s,;]*)+",
        r"this (?:article|post|story) (?:was |has been )?(?:first |originally )?"
        r"(?:written|edited|published|posted|appeared)\b.*",
        r"\d+ min(?:ute)?s? read",
    ),
}
_KIND_PATTERNS = {kind: re.compile("|".join(p), re.IGNORECASE) for kind, p in _KINDS.items()}
# How closing words begin below the last numbered reason, where no heading parts them off.
_CLOSING = re.compile(
    r"these (?:are|were) (?:just )?(?:a few|some|the|only)\b|in (?:conclusion|summary|closing)\b"
    r"|to (?:conclude|sum up|wrap up|recap)\b|all in all\b|(?:the )?bottom line\b"
    r"|final (?:thoughts|words)\b|conclusion\b|wrapping up\b",
    re.IGNORECASE,
)
_STRAIGHT = str.maketrans("‘’“”", "''\"\"")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(?=\S)")
_NUMBER = re.compile(r"([ \t]{0,8})(\d{1,3})[.)][ \t]+(?=\S)")
# What is taken out of every page: odd line ends and blanks, Markdown's pictures, links and bold.
_PLAIN = (
    (re.compile(r"\r\n?"), "\n"),
    (re.compile(r"[\u00a0\u2007\u202f]"), " "),
    (re.compile(r"[\u200b\u2060\ufeff]"), ""),
    (re.compile(r"!\[[^\[\]\n]*\]\([^()\n]*\)"), ""),
    (re.compile(r"\[([^\[\]\n]*)\]\([^()\n]*\)"), r"\1"),
    (re.compile(r"\*\*|`"), ""),
)
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?:(?!---)[^\n]*\n){0,200}---[ \t]*(?:\n|$)")
_WIDE_GAP, _AUTHOR_GAP = 2, 3
_LONG_BLOCK = 60


@dataclass
class _Block:
    """Lines without a blank line between them, and how many blank lines stand above."""

    kind: str
    lines: list[str]
    gap: int

    def is_heading(self) -> bool:
        return self.kind == "text" and bool(_HEADING.match(self.lines[0]))

    def is_title(self) -> bool:
        return self.kind == "text" and len(self.lines) == 1 and _is_title(self.lines[0])

    def is_article(self) -> bool:
        """Tell prose and marked headings from titles and menus."""
        if self.kind != "text" or re.match(r" {0,3}#[ \t]", self.lines[0]):
            return False
        is_marked = self.is_heading() or _NUMBER.match(self.lines[0])
        return bool(is_marked) or not all(map(_is_title, self.lines))


def read_article(path: Path) -> list[Passage]:
    r"""Read a saved page: its article by sections, then its readers' comments.

    Plain text, Markdown and HTML are told apart by suffix and first words. Text is UTF-8,
    UTF-16 with a byte order mark, or else Windows-1252.

    Raises
    ------
    UsageError
        If there is no such file.
    DataError
        If it is too large, not text, or holds no passage.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "page.txt"
    >>> _ = path.write_text("My story\n\nI came late.\n\n2 comments\n\nMe too.\n\nAnd I.")
    >>> [passage.pointer for passage in read_article(path)]
    ['introduction', 'comment 1', 'comment 2']
    """
    text = _read_text(path)
    start = text[:1000].lstrip().lower()
    if path.suffix.lower() in {".html", ".htm", ".xhtml"} or start.startswith(("<!doc", "<html")):
        text = html_to_text(text)
    passages = split_article(text)
    if not passages:
        raise DataError(
            "no passage found: it holds no sentence outside menus, titles and forms",
            place=str(path),
            remedy="Save the page as text, the article's own words included.",
        )
    return passages


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_PAGE + 1)
    except OSError as error:
        problem = error.strerror or "it cannot be read"
        raise UsageError(problem, place=str(path), remedy="Name a saved page.") from None
    if len(data) > LARGEST_PAGE:
        raise DataError(
            f"is larger than {LARGEST_PAGE // 1_000_000} MB",
            place=str(path),
            remedy="Save the article alone, without pictures.",
        )
    text = _decode(data)
    n_control = sum(map(text.count, map(chr, [*range(1, 9), *range(14, 32)])))
    is_known_binary = data.startswith((b"%PDF-", b"PK\x03\x04", b"{\\rtf", b"\x89PNG"))
    if "\0" in text or is_known_binary or n_control > len(text) / 100:
        raise DataError(
            "is not text: it holds NUL or other binary characters",
            place=str(path),
            remedy="Save the page as plain text in UTF-8.",
        )
    return text


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def split_article(text: str) -> list[Passage]:
    r"""Cut the text of a page into the sections of its article and its comments.

    Menus, titles, dates, forms, advertisements and other furniture are left out, and so are
    headings with nothing below them. A section keeps its heading as its first line.

    Examples
    --------
    >>> page = "How it went\n\nBadly.\n\n## Too late\n\nI came at ten.\n\n"
    >>> for passage in split_article(page + "Comments\n\nAnn says:\n\nMe too!"):
    ...     print(passage.pointer, "-", passage.text.splitlines()[-1])
    introduction - Badly.
    section 1 (Too late) - I came at ten.
    comment 1 - Me too!
    """
    for pattern, replacement in _PLAIN:
        text = pattern.sub(replacement, text)
    front_matter = _FRONT_MATTER.match(text)
    text = text[front_matter.end() :] if front_matter else text
    article, thread = _part(_cut_blocks(text))
    return [*_read_sections(article), *_read_comments(thread)]


def _kind_of(line: str) -> str:
    bare = _HEADING.sub("", line).strip().translate(_STRAIGHT)
    if len(bare) > 300:
        return "text"
    matching = (kind for kind, pattern in _KIND_PATTERNS.items() if pattern.fullmatch(bare))
    return next(matching, "text" if bare else "blank")


def _cut_blocks(text: str) -> list[_Block]:
    """Cut a text at its blank lines and headings, and leave its furniture out.

    Names of authors (above a date, before "says:", or doubled on two lines) become wide gaps.
    """
    blocks: list[_Block] = []
    authors: set[str] = set()
    gap = n_blank = 0
    for line in text.split("\n"):
        kind = _kind_of(line)
        n_blank = n_blank + 1 if kind == "blank" else 0
        gap = max(gap, n_blank)
        if kind == "date" or _is_doubled_name(line, blocks, gap):
            authors.add(_pop_name(blocks, gap))
            gap = _AUTHOR_GAP
        elif kind in {"author", "button"}:
            authors.add(line.strip().removesuffix(" says:"))
            gap = _AUTHOR_GAP
        elif kind == "text" and gap == 0 and blocks and _goes_on(blocks[-1], line):
            blocks[-1].lines.append(line)
        elif kind not in {"blank", "furniture"}:
            blocks.append(_Block(kind, [line], gap))
            gap = 0
    # An author's name below a comment is its signature.
    return [b for b in blocks if len(b.lines) > 1 or b.lines[0].strip() not in authors]


def _goes_on(block: _Block, line: str) -> bool:
    return block.kind == "text" and not block.is_heading() and not _HEADING.match(line)


def _is_doubled_name(line: str, blocks: list[_Block], gap: int) -> bool:
    is_doubled = bool(blocks) and gap == 0 and blocks[-1].lines[-1].strip() == line.strip()
    return is_doubled and _is_name(line)


def _is_name(line: str) -> bool:
    return len(line.split()) <= 5 and not line.rstrip().endswith(tuple(".!?:,"))


def _pop_name(blocks: list[_Block], gap: int) -> str:
    """Take off the name just above, or alone at the beginning of a comment."""
    if not blocks or blocks[-1].kind != "text" or blocks[-1].is_heading():
        return ""
    above = blocks[-2].kind if len(blocks) > 1 else ""
    is_first = blocks[-1].is_title() and (above == "thread" or blocks[-1].gap >= _WIDE_GAP)
    if not _is_name(blocks[-1].lines[-1]) or (gap and not is_first):
        return ""
    name = blocks[-1].lines.pop()
    if not blocks[-1].lines:
        blocks.pop()
    return name.strip()


def _is_title(line: str) -> bool:
    """Tell a short line that begins like a title and does not end like a sentence."""
    bare = _HEADING.sub("", line).strip().translate(_STRAIGHT).strip("\"'()[]")
    starts_like_one = bare[:1].isupper() or bare[:1].isdigit()
    return starts_like_one and len(bare.split()) <= 16 and not bare.endswith(tuple(".!:;,…"))


def _part(blocks: list[_Block]) -> tuple[list[_Block], list[_Block]]:
    """Part article and comments; a link to the comments above the article does not count."""
    has_begun = False
    for i, block in enumerate(blocks):
        has_begun = has_begun or block.is_article()
        if block.kind == "thread" and (has_begun or _HEADING.match(block.lines[0])):
            return _trim(blocks[:i]), blocks[i:]
    return _trim(blocks), []


def _trim(blocks: list[_Block]) -> list[_Block]:
    """Take off the title and menus above the article, the names and links below it."""
    blocks = [b for b in blocks if b.kind in {"text", "call"}]
    stays = [i for i, b in enumerate(blocks) if b.is_article()]
    if not stays:
        return []
    first = blocks[stays[0]]
    if len(first.lines) > 1 and not _NUMBER.match(first.lines[0]):
        first.lines = list(dropwhile(_is_title, first.lines))
    return blocks[stays[0] : stays[-1] + 1]


def _find_numbered(blocks: list[_Block]) -> list[int]:
    """Find the blocks numbered 1, 2, 3 ... that are not set in deeper than the first."""
    found: list[int] = []
    margin = 0
    for i, block in enumerate(blocks):
        number = _NUMBER.match(block.lines[0])
        if block.kind == "text" and number and int(number[2]) == len(found) + 1:
            margin = margin if found else len(number[1])
            if len(number[1]) <= margin:
                found.append(i)
    return found


def _find_headings(blocks: list[_Block]) -> list[int]:
    """Find where sections begin; the clearest sort of heading on the page decides."""
    headings = [i for i, b in enumerate(blocks) if b.is_heading()]
    if headings:
        return headings
    numbered = _find_numbered(blocks)
    if len(numbered) > 1:
        return numbered
    return [i for i, (b, below) in enumerate(pairwise(blocks)) if b.is_title() > below.is_title()]


def _read_sections(blocks: list[_Block]) -> list[Passage]:
    starts = _find_headings(blocks)
    introduction = blocks[: starts[0]] if starts else blocks
    if starts and blocks[starts[0]].is_article():  # Titles between it and a marked heading.
        introduction = _trim(introduction)
    passages = _passage(introduction, "introduction", "article")
    n_sections = 0
    for start, end in pairwise([*starts, len(blocks)]):
        section = blocks[start:end]
        cut = _find_closing(section) if end == len(blocks) else len(section)
        is_empty = cut == 1 and len(section[0].lines) == 1 and not _is_numbered(section[0])
        if not is_empty:
            n_sections += 1
            pointer = f"section {n_sections} ({_heading_of(section[0])})"
            passages += _passage(section[:cut], pointer, "article")
        passages += _passage(section[cut:], "closing", "article")
    return passages


def _is_numbered(block: _Block) -> bool:
    return bool(_NUMBER.match(_HEADING.sub("", block.lines[0])))


def _find_closing(section: list[_Block]) -> int:
    closings = (i for i, b in enumerate(section) if i and _CLOSING.match(b.lines[0].strip()))
    return next(closings, len(section))


def _heading_of(block: _Block) -> str:
    """Name a section: its heading, or the first sentence of a numbered paragraph."""
    heading = _without_marks(block.lines[0])
    if _is_numbered(block):
        heading = re.split(r"(?<=[.?!])\s", heading, maxsplit=1)[0]
    heading = heading.rstrip(".: ")
    return heading if len(heading) <= 80 else heading[:80].rsplit(" ", 1)[0] + " …"


def _without_marks(line: str) -> str:
    line = _HEADING.sub("", line)
    return _NUMBER.sub("", line, count=1).strip()


def _passage(blocks: list[_Block], pointer: str, role: str) -> list[Passage]:
    """Join blocks into one passage, or none if they hold no word."""
    pieces: list[str] = []
    for block in _without_calls(blocks):
        first = block.lines[0] if pieces else _without_marks(block.lines[0])
        lines = [_HEADING.sub("", first), *block.lines[1:]]
        pieces.append(("\n\n" if block.gap else "\n") + "\n".join(map(str.strip, lines)))
    text = "".join(pieces).strip()
    return [Passage(text, pointer, role)] if any(map(str.isalpha, text)) else []


def _without_calls(blocks: list[_Block]) -> list[_Block]:
    """Drop calls to action and what belongs to them; a long paragraph does not."""
    kept: list[_Block] = []
    is_called = False
    for block in blocks:
        is_long = sum(len(line.split()) for line in block.lines) > _LONG_BLOCK
        is_called = block.kind == "call" or (is_called and not is_long)
        if not is_called:
            kept.append(block)
    return kept


def _read_comments(blocks: list[_Block]) -> list[Passage]:
    blocks = [b for b in blocks if b.kind != "thread"]
    starts = [0, *_find_comments(blocks)[1:]] if blocks else []
    texts = [
        passage.text
        for start, end in pairwise([*starts, len(blocks)])
        for passage in _passage(blocks[start:end], "", "comment")
    ]
    return [Passage(text, f"comment {n}", "comment") for n, text in enumerate(texts, 1)]


def _find_comments(blocks: list[_Block]) -> list[int]:
    """Find where comments begin: at numbers, else after authors or wide gaps, else anywhere.

    Where one blank line stands between all paragraphs, each counts as a comment: rather two
    passages of one reader than one passage of two.
    """
    numbered = _find_numbered(blocks)
    if numbered[:1] == [0]:
        return numbered
    wide = [i for i, b in enumerate(blocks) if i == 0 or b.gap >= _WIDE_GAP]
    if len(wide) > 1 or blocks[0].gap == _AUTHOR_GAP:
        return wide
    return [i for i, b in enumerate(blocks) if i == 0 or b.gap]


# The standard library's HTMLParser takes time quadratic in unclosed tags (Python 3.11.7: 31 s
# for 60 kB of "<a "). These patterns never look beyond the next "<", so they are linear.
_TAG = re.compile(
    r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)"
    r"(?:((?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+'|[\"'])*+)>|([^<>]*+)>)|<[!?][^<>]*+>"
)
_RAW = re.compile(r"<!--|<(script|style|textarea|title)\b", re.IGNORECASE)
_NAMES = re.compile(r"(?<![\w-])(?:class|id)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.I)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_INLINE = frozenset(
    "a abbr b bdi bdo big cite code del dfn em font i img ins kbd mark q s samp small span "
    "strike strong sub sup time tt u var wbr".split()
)
_PREFIXES = {"h1": "# ", "li": "• "} | {f"h{n}": "## " for n in range(2, 7)}
_DROPPED_TAGS = frozenset(
    "nav footer aside form noscript template button select svg iframe figcaption time".split()
)
_DROPPED_NAMES = re.compile(
    r"comment[-_]?(?:author|meta|metadata|date|time|form|respond|title|count|actions|footer|header)"
    r"|comments?[-_](?:title|count|link|form)|(?:comment-)?reply-(?:link|title)|respond|byline|vcard"
    r"|share|sharing|social(?:-\w+)?|breadcrumbs?|sidebar|cookie(?:-\w+)?|newsletter|advert\w*"
)
_OWNER = r"(?:(?:post|blog|article|entry|page|reader|user|div|li)[-_])?"
_COMMENT_NAMES = re.compile(_OWNER + r"(?:comment|reply|response)(?:[-_](?:item|block|\d+))?")
_COMMENT_PART = re.compile(r"(?:comment|reply|response)[-_](?:body|content|text|inner)")
_THREAD_NAMES = re.compile(
    _OWNER + r"(?:comments|responses|replies|commentlist|comment-list)"
    r"(?:[-_](?:area|list|section|container|wrapper))?"
)
# Python refuses to convert numbers of thousands of digits.
_HUGE_ENTITY = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")


def html_to_text(html: str) -> str:
    """Turn a web page into the plain text that `split_article` reads.

    Headings get `#` marks, list items bullets, comments numbers under a heading of their own.
    Scripts, menus, side bars, footers and forms are dropped.

    Examples
    --------
    >>> print(html_to_text("<h2>Too late</h2><p>I came<b> at</b> ten.<div class=comment>Oh!"))
    ## Too late
    <BLANKLINE>
    I came at ten.
    <BLANKLINE>
    ## Comments
    <BLANKLINE>
      1. Oh!
    """
    page = _PageReader()
    html = _without_raw(html)
    at = 0
    for tag in _TAG.finditer(html):
        page.add(html[at : tag.start()])
        at = tag.end()
        if tag[2]:
            read_tag = page.close if tag[1] else page.open
            read_tag(tag[2].lower(), tag[3] or tag[4] or "")
    page.add(html[at:])
    return page.finish()


def _without_raw(html: str) -> str:
    """Drop comments in the markup, scripts and styles; an unclosed one takes the rest along."""
    kept, at = [], 0
    while raw := _RAW.search(html, at):
        kept.append(html[at : raw.start()])
        ending = f"</{raw[1]}" if raw[1] else "-->"
        end = re.compile(ending, re.IGNORECASE).search(html, raw.end())
        if end is None:
            return "".join(kept)
        at = end.start() if raw[1] else end.end()
    return "".join([*kept, html[at:]])


class _PageReader:
    """Collects the blocks of a page while its tags open and close, without recursion."""

    def __init__(self) -> None:
        self.buffer: list[str] = []
        self.prefix = ""
        self.tags: list[tuple[str, str]] = []
        self.n_open: Counter[str] = Counter()
        self.article: list[str] = []
        self.loose: list[str] = []
        self.comments: list[list[str]] = []
        self.inside: list[list[str]] = []

    def add(self, text: str) -> None:
        if text and not self.n_open["=dropped"]:
            self.buffer.append(text)

    def open(self, tag: str, attributes: str) -> None:
        if tag == "br":
            self.add("\0")
        elif tag not in _INLINE:
            self.flush()
        if tag in _VOID:
            return
        role = self.role_of(tag, attributes)
        self.prefix = _PREFIXES.get(tag, self.prefix)
        if role == "comment":
            self.comments.append([])
            self.inside.append(self.comments[-1])
        self.tags.append((tag, role))
        self.n_open[tag] += 1
        self.n_open["=" + role] += 1

    def role_of(self, tag: str, attributes: str) -> str:
        found = _NAMES.findall(attributes) if attributes else []
        names = " ".join(map("".join, found)).lower().split()
        if tag in {"html", "body", "main"}:
            return ""
        if tag in _DROPPED_TAGS or any(map(_DROPPED_NAMES.fullmatch, names)):
            return "dropped"
        if tag in _INLINE:
            return ""
        if any(map(_COMMENT_NAMES.fullmatch, names)):
            return "comment"
        if not self.inside and any(map(_COMMENT_PART.fullmatch, names)):
            return "comment"
        return "thread" if any(map(_THREAD_NAMES.fullmatch, names)) else ""

    def close(self, tag: str, attributes: str = "") -> None:
        # Counting what is open keeps stray end tags from searching the whole pile each time.
        if not self.n_open[tag] or (tag in _INLINE and self.tags[-1][0] != tag):
            return
        if tag not in _INLINE:
            self.flush()
            self.prefix = ""
        closed = ""
        while closed != tag:
            closed, role = self.tags.pop()
            self.n_open[closed] -= 1
            self.n_open["=" + role] -= 1
            if role == "comment":
                self.inside.pop()

    def flush(self) -> None:
        if not self.buffer:
            return
        text = _HUGE_ENTITY.sub("\ufffd", "".join(self.buffer))
        lines = entities.unescape(text).split("\0")
        text = "\n".join(filter(None, (" ".join(line.split()) for line in lines)))
        self.buffer.clear()
        if not text:
            return
        if self.inside:
            self.inside[-1].append(text)
        elif self.n_open["=thread"]:
            self.loose.append(text)
        else:
            self.article.append(self.prefix + text)
        self.prefix = ""

    def finish(self) -> str:
        self.flush()
        titles = [i for i, text in enumerate(self.article) if text.startswith("# ")]
        if len(titles) == 1:  # What stands above the one title is not the article.
            del self.article[: titles[0]]
        comments = self.comments or [[text] for text in self.loose]
        return "\n\n".join([*_join_lists(self.article), *_number_comments(comments)])


def _join_lists(blocks: list[str]) -> Iterator[str]:
    """Put the items of a list on following lines."""
    items: list[str] = []
    for block in blocks:
        if items and not block.startswith("• "):
            yield "\n".join(items)
            items = []
        if block.startswith("• "):
            items.append("  " + block)
        else:
            yield block
    if items:
        yield "\n".join(items)


def _number_comments(comments: list[list[str]]) -> Iterator[str]:
    """Number the comments, their later paragraphs set in below."""
    texts = ["\n\n".join(p for p in c if _kind_of(p) in {"text", "request"}) for c in comments]
    texts = [text for text in texts if text]
    if texts:
        yield "## Comments"
    for n, text in enumerate(texts, 1):
        yield f"  {n}. " + text.replace("\n", "\n    ")
