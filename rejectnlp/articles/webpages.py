"""Web pages become the plain text that `passages` reads."""

from __future__ import annotations

import html as entities
import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from rejectnlp.articles.furniture import kind_of

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
        if not self.n_open["=dropped"]:
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
        names = " ".join(map("".join, _NAMES.findall(attributes))).lower().split()
        if tag in {"html", "body", "main"}:
            return ""
        if tag in _DROPPED_TAGS or any(map(_DROPPED_NAMES.fullmatch, names)):
            return "dropped"
        if tag in _INLINE:
            return ""
        is_part = not self.inside and any(map(_COMMENT_PART.fullmatch, names))
        if is_part or any(map(_COMMENT_NAMES.fullmatch, names)):
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
    for is_list, group in groupby(blocks, lambda block: block.startswith("• ")):
        if is_list:
            yield "\n".join(f"  {item}" for item in group)
        else:
            yield from group


def _number_comments(comments: list[list[str]]) -> Iterator[str]:
    """Number the comments, their later paragraphs set in below."""
    texts = ["\n\n".join(p for p in c if kind_of(p) in {"text", "request"}) for c in comments]
    texts = [text for text in texts if text]
    if texts:
        yield "## Comments"
    for n, text in enumerate(texts, 1):
        yield f"  {n}. " + text.replace("\n", "\n    ")
