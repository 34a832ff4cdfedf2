"""A page's lines become blocks: what stands between blank lines, without furniture."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rejectnlp.articles.furniture import HEADING, bare, kind_of

NUMBER = re.compile(r"([ \t]{0,8})(\d{1,3})[.)][ \t]+(?=\S)")
"""The number of a reason or a comment."""
WIDE_GAP, AUTHOR_GAP = 2, 3
"""Blank lines above a block that part comments, and what an author's name counts for."""

# What is taken out of every page: blanks that do not break, Markdown's pictures, links and bold.
_MARKS = (
    (re.compile("\u00a0"), " "),
    (re.compile(r"!\[[^\[\]\n]*\]\([^()\n]*\)"), ""),
    (re.compile(r"\[([^\[\]\n]*)\]\([^()\n]*\)"), r"\1"),
    (re.compile(r"\*\*|`"), ""),
)
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?:(?!---)[^\n]*\n){0,200}---[ \t]*(?:\n|$)")


@dataclass
class Block:
    """Lines without a blank line between them, and how many blank lines stand above."""

    kind: str
    lines: list[str]
    gap: int

    def is_heading(self) -> bool:
        """Whether it begins with a heading's mark."""
        return self.kind == "text" and bool(HEADING.match(self.lines[0]))

    def is_title(self) -> bool:
        """Whether it is one line that looks like a title."""
        return self.kind == "text" and len(self.lines) == 1 and is_title(self.lines[0])

    def is_article(self) -> bool:
        """Tell prose and marked headings from titles and menus."""
        if self.kind != "text" or re.match(r" {0,3}#[ \t]", self.lines[0]):
            return False
        is_marked = self.is_heading() or NUMBER.match(self.lines[0])
        return bool(is_marked) or not all(map(is_title, self.lines))


def without_markdown(text: str) -> str:
    """Give a page without front matter, pictures, links and bold; headings stay marked."""
    for pattern, replacement in _MARKS:
        text = pattern.sub(replacement, text)
    return _FRONT_MATTER.sub("", text, count=1) if text.startswith("---") else text


def cut_blocks(text: str) -> list[Block]:
    """Cut a text at its blank lines and headings, and leave its furniture out.

    Names of authors (above a date, before "says:", or doubled on two lines) become wide gaps.
    """
    blocks: list[Block] = []
    authors: set[str] = set()
    gap = n_blank = 0
    for line in text.split("\n"):
        kind = kind_of(line)
        n_blank = n_blank + 1 if kind == "blank" else 0
        gap = max(gap, n_blank)
        if kind == "date" or _is_doubled_name(line, blocks, gap):
            authors.add(_pop_name(blocks, gap))
            gap = AUTHOR_GAP
        elif kind in {"author", "button"}:
            authors.add(line.strip().removesuffix(" says:"))
            gap = AUTHOR_GAP
        elif kind == "text" and gap == 0 and blocks and _goes_on(blocks[-1], line):
            blocks[-1].lines.append(line)
        elif kind not in {"blank", "furniture"}:
            blocks.append(Block(kind, [line], gap))
            gap = 0
    # An author's name below a comment is its signature.
    return [b for b in blocks if len(b.lines) > 1 or b.lines[0].strip() not in authors]


def _goes_on(block: Block, line: str) -> bool:
    return block.kind == "text" and not block.is_heading() and not HEADING.match(line)


def _is_doubled_name(line: str, blocks: list[Block], gap: int) -> bool:
    is_doubled = bool(blocks) and gap == 0 and blocks[-1].lines[-1].strip() == line.strip()
    return is_doubled and _is_name(line)


def _is_name(line: str) -> bool:
    return len(line.split()) <= 5 and not line.rstrip().endswith(tuple(".!?:,"))


def _pop_name(blocks: list[Block], gap: int) -> str:
    """Take off the name just above, or alone at the beginning of a comment."""
    if not blocks or blocks[-1].kind != "text" or blocks[-1].is_heading():
        return ""
    above = blocks[-2].kind if len(blocks) > 1 else ""
    is_first = blocks[-1].is_title() and (above == "thread" or blocks[-1].gap >= WIDE_GAP)
    if not _is_name(blocks[-1].lines[-1]) or (gap and not is_first):
        return ""
    name = blocks[-1].lines.pop()
    if not blocks[-1].lines:
        blocks.pop()
    return name.strip()


def is_title(line: str) -> bool:
    """Tell a short line that begins like a title and does not end like a sentence."""
    line = bare(line).strip("\"'()[]")
    starts_like_one = line[:1].isupper() or line[:1].isdigit()
    return starts_like_one and len(line.split()) <= 16 and not line.endswith(tuple(".!:;,…"))


def find_numbered(blocks: list[Block]) -> list[int]:
    """Find the blocks numbered 1, 2, 3 ... that are not set in deeper than the first."""
    found: list[int] = []
    margin = 0
    for i, block in enumerate(blocks):
        number = NUMBER.match(block.lines[0])
        if block.kind == "text" and number and int(number[2]) == len(found) + 1:
            margin = margin if found else len(number[1])
            if len(number[1]) <= margin:
                found.append(i)
    return found
