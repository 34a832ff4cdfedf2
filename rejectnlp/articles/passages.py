"""Blocks become passages: the sections of an article and its readers' comments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import dropwhile, pairwise
from pathlib import Path

from rejectnlp.articles.blocks import (
    AUTHOR_GAP,
    NUMBER,
    WIDE_GAP,
    Block,
    cut_blocks,
    find_numbered,
    is_title,
    without_markdown,
)
from rejectnlp.articles.furniture import HEADING
from rejectnlp.articles.webpages import html_to_text
from rejectnlp.errors import DataError
from rejectnlp.files import read_text
from rejectnlp.settings import SETTINGS

# How closing words begin below the last numbered reason, where no heading parts them off.
_CLOSING = re.compile(
    r"these (?:are|were) (?:just )?(?:a few|some|the|only)\b|in (?:conclusion|summary|closing)\b"
    r"|to (?:conclude|sum up|wrap up|recap)\b|all in all\b|(?:the )?bottom line\b"
    r"|final (?:thoughts|words)\b|conclusion\b|wrapping up\b",
    re.IGNORECASE,
)
_LONG_BLOCK = 60  # words


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


def read_article(path: Path) -> list[Passage]:
    r"""Read a saved page: its article by sections, then its readers' comments.

    Plain text, Markdown and HTML are told apart by suffix and first words.

    Raises
    ------
    UsageError
        If there is no such file.
    DataError
        If it is a folder, too large, not text, or holds no passage.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "page.txt"
    >>> _ = path.write_text("My story\n\nI came late.\n\n2 comments\n\nMe too.\n\nAnd I.")
    >>> [passage.pointer for passage in read_article(path)]
    ['introduction', 'comment 1', 'comment 2']
    """
    text = read_text(path, largest=SETTINGS.largest_page)
    if "\0" in text:
        problem = "is not text: it holds NUL characters"
        remedy = "Save the page as plain text in UTF-8."
        raise DataError(problem, place=path.name, remedy=remedy)
    start = text[:1000].lstrip().lower()
    if path.suffix.lower() in {".html", ".htm", ".xhtml"} or start.startswith(("<!doc", "<html")):
        text = html_to_text(text)
    passages = split_article(text)
    if not passages:
        problem = "no passage found: it holds no sentence outside menus, titles and forms"
        remedy = "Save the page as text, the article's own words included."
        raise DataError(problem, place=path.name, remedy=remedy)
    return passages


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
    article, thread = _part(cut_blocks(without_markdown(text)))
    return [*_read_sections(article), *_read_comments(thread)]


def _part(blocks: list[Block]) -> tuple[list[Block], list[Block]]:
    """Part article and comments; a link to the comments above the article does not count."""
    has_begun = False
    for i, block in enumerate(blocks):
        has_begun = has_begun or block.is_article()
        if block.kind == "thread" and (has_begun or HEADING.match(block.lines[0])):
            return _trim(blocks[:i]), blocks[i:]
    return _trim(blocks), []


def _trim(blocks: list[Block]) -> list[Block]:
    """Take off the title and menus above the article, the names and links below it."""
    blocks = [b for b in blocks if b.kind in {"text", "call"}]
    stays = [i for i, b in enumerate(blocks) if b.is_article()]
    if not stays:
        return []
    first = blocks[stays[0]]
    if len(first.lines) > 1 and not NUMBER.match(first.lines[0]):
        first.lines = list(dropwhile(is_title, first.lines))
    return blocks[stays[0] : stays[-1] + 1]


def _read_sections(blocks: list[Block]) -> list[Passage]:
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


def _find_headings(blocks: list[Block]) -> list[int]:
    """Find where sections begin; the clearest sort of heading on the page decides."""
    headings = [i for i, b in enumerate(blocks) if b.is_heading()]
    if headings:
        return headings
    numbered = find_numbered(blocks)
    if len(numbered) > 1:
        return numbered
    return [i for i, (b, below) in enumerate(pairwise(blocks)) if b.is_title() > below.is_title()]


def _is_numbered(block: Block) -> bool:
    return bool(NUMBER.match(HEADING.sub("", block.lines[0])))


def _find_closing(section: list[Block]) -> int:
    closings = (i for i, b in enumerate(section) if i and _CLOSING.match(b.lines[0].strip()))
    return next(closings, len(section))


def _heading_of(block: Block) -> str:
    """Name a section: its heading, or the first sentence of a numbered paragraph."""
    heading = _without_marks(block.lines[0])
    if _is_numbered(block):
        heading = re.split(r"(?<=[.?!])\s", heading, maxsplit=1)[0]
    heading = heading.rstrip(".: ")
    return heading if len(heading) <= 80 else heading[:80].rsplit(" ", 1)[0] + " …"


def _without_marks(line: str) -> str:
    line = HEADING.sub("", line)
    return NUMBER.sub("", line, count=1).strip()


def _passage(blocks: list[Block], pointer: str, role: str) -> list[Passage]:
    """Join blocks into one passage, or none if they hold no word."""
    pieces: list[str] = []
    for block in _without_calls(blocks):
        first = block.lines[0] if pieces else _without_marks(block.lines[0])
        lines = [HEADING.sub("", first), *block.lines[1:]]
        pieces.append(("\n\n" if block.gap else "\n") + "\n".join(map(str.strip, lines)))
    text = "".join(pieces).strip()
    return [Passage(text, pointer, role)] if any(map(str.isalpha, text)) else []


def _without_calls(blocks: list[Block]) -> list[Block]:
    """Drop calls to action and what belongs to them; a long paragraph does not."""
    kept: list[Block] = []
    is_called = False
    for block in blocks:
        is_long = sum(len(line.split()) for line in block.lines) > _LONG_BLOCK
        is_called = block.kind == "call" or (is_called and not is_long)
        if not is_called:
            kept.append(block)
    return kept


def _read_comments(blocks: list[Block]) -> list[Passage]:
    blocks = [b for b in blocks if b.kind != "thread"]
    starts = [0, *_find_comments(blocks)[1:]] if blocks else []
    texts = [
        passage.text
        for start, end in pairwise([*starts, len(blocks)])
        for passage in _passage(blocks[start:end], "", "comment")
    ]
    return [Passage(text, f"comment {n}", "comment") for n, text in enumerate(texts, 1)]


def _find_comments(blocks: list[Block]) -> list[int]:
    """Find where comments begin: at numbers, else after authors or wide gaps, else anywhere.

    Where one blank line stands between all paragraphs, each counts as a comment: rather two
    passages of one reader than one passage of two.
    """
    numbered = find_numbered(blocks)
    if numbered[:1] == [0]:
        return numbered
    wide = [i for i, b in enumerate(blocks) if i == 0 or b.gap >= WIDE_GAP]
    if len(wide) > 1 or blocks[0].gap == AUTHOR_GAP:
        return wide
    return [i for i, b in enumerate(blocks) if i == 0 or b.gap]
