"""Texts that speak of despair: found, so that a kind word comes before anything else."""

from __future__ import annotations

import re

CARE_NOTE = (
    "This text speaks of very dark moments. A lost job interview never outweighs a life. "
    "If it is about now, please talk to somebody today: the local emergency number, "
    "or a free and confidential line near you, listed at findahelpline.com. "
    "If you read this with a client, ask openly, listen, and stay with them until help is there."
)
"""What is shown before anything else."""

_SELF = r"(?:myself|my\s?self)"
_PHRASES = re.compile(
    r"\b(?:"
    rf"(?:kill|killing|hurt|hurting|harm|harming|hang|hanging|drown)\s{{1,3}}{_SELF}"
    r"|(?:want|wanted|wanting|wish|ready|going|rather|prefer)(?:\s{1,3}to)?\s{1,3}die\b"
    # "I wanted to die of shame" is about shame.
    r"(?!\s{1,3}(?:of|from|with)\s{1,3}(?:\w{1,12}\s{1,3})?"
    r"(?:embarrassment|shame|laughter|boredom|laughing))"
    r"|(?:wish|wished)\s{1,3}(?:that\s{1,3})?(?:i\s{1,3}(?:was|were)\s{1,3}dead"
    r"|i\s{1,3}(?:had\s{1,3}never|was\s{1,3}never|hadn't)\s{1,3}(?:been\s{1,3})?born)"
    r"|better\s{1,3}off\s{1,3}(?:dead|without\s{1,3}me)"
    r"|(?:end|ending|take|taking|took)\s{1,3}my\s{1,3}(?:own\s{1,3})?life"
    r"|end(?:ing)?\s{1,3}it\s{1,3}all"
    r"|suicidal|suicide\b(?!\s{1,3}(?:squad|mission|prevention\s{1,3}(?:nurse|worker|role|job)))"
    r"|self[\s-]harm(?:ing|ed)?"
    r"|(?:no|without)\s{1,3}reason\s{1,3}to\s{1,3}(?:live|go\s{1,3}on|carry\s{1,3}on)"
    r"|nothing\s{1,3}(?:left\s{1,3})?to\s{1,3}live\s{1,3}for"
    r"|not?\s{1,3}(?:be\s{1,3})?worth\s{1,3}living"
    r"|(?:don't|do\s{1,3}not|didn't)\s{1,3}want\s{1,3}to\s{1,3}"
    r"(?:live|be\s{1,3}alive|wake\s{1,3}up|be\s{1,3}here)(?:\s{1,3}any\s?more)"
    r"|(?:don't|do\s{1,3}not)\s{1,3}want\s{1,3}to\s{1,3}(?:live|be\s{1,3}alive|wake\s{1,3}up)\b"
    r"(?!\s{1,3}(?:in|at|near|with|there|so|that|on|early|to|next))"
    r"|(?:can't|cannot|can\s{1,3}not)\s{1,3}go\s{1,3}on(?:\s{1,3}(?:living|like\s{1,3}this))"
    r"|(?:cut|cutting)\s{1,3}myself(?=\s*(?:[.,;!?]|$|again|at\s{1,3}night))"
    r")",
    re.IGNORECASE,
)
_FIGURES = re.compile(r"\b(?:career|professional|social|financial|reputational)\s+suicide\b", re.I)


def needs_care(text: str) -> bool:
    """Say whether a text speaks of self-harm or of not wanting to live.

    It looks for plain phrases only: a note too many does little harm, a note at "killing
    it at the interview" would make it a joke.

    Examples
    --------
    >>> needs_care("Since that call I want to die."), needs_care("I was dying to work there.")
    (True, False)
    """
    plain = _FIGURES.sub(" ", text.replace("’", "'"))
    return _PHRASES.search(plain) is not None
