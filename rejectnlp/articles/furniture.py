"""What a line of a saved page is besides text: menus, dates, forms, calls to action."""

from __future__ import annotations

import re

HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(?=\S)")
"""The mark of a Markdown heading."""

_STRAIGHT = str.maketrans("‘’“”", "''\"\"")
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
_PATTERNS = {kind: re.compile("|".join(p), re.IGNORECASE) for kind, p in _KINDS.items()}


def bare(line: str) -> str:
    """Give a line without heading mark and outer blanks, its quotes straightened."""
    return HEADING.sub("", line).strip().translate(_STRAIGHT)


def kind_of(line: str) -> str:
    """Name what a line is: `text`, `blank`, or a kind of furniture.

    Examples
    --------
    >>> kind_of("Share on Facebook"), kind_of("They share a desk.")
    ('furniture', 'text')
    """
    line = bare(line)
    if len(line) > 300:
        return "text"
    matching = (kind for kind, pattern in _PATTERNS.items() if pattern.fullmatch(line))
    return next(matching, "text" if line else "blank")
