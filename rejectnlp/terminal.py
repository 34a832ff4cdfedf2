"""Labelling in a terminal: a line of keys is an answer. Works over ssh, and read aloud."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from rejectnlp.accounts import Account, split_sentences
from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.dataset import Span
from rejectnlp.errors import DataError, UsageError
from rejectnlp.labelling import Desk
from rejectnlp.readings import Reading, make_reading
from rejectnlp.report import printable
from rejectnlp.scorer import Tagger

HELP = """\
A line is an answer, and kept at once:
  6          the cause with key 6; several: 6 1
  6@2        the same, and sentence 2 shows it; 6@2,3 two sentences
  0          unexplained: no grounds for any cause
  x          added: I am not sure          # words   added: a note
Enter alone  on to the next account        s         skip, leave it open
u            back to the one before        o         on to the next open one
?6           what counts for cause 6       q         stop; it goes on here later"""

Read = Callable[[str], str]
Write = Callable[[str], None]


@dataclass(frozen=True)
class Answer:
    """What a line says: the causes' keys with the sentences that show each, doubt, a note."""

    marks: dict[str, tuple[int, ...]]
    doubt: bool
    note: str


def parse_answer(line: str) -> Answer:
    """Read an answer from a line of keys.

    Raises
    ------
    UsageError
        If sentences are given that are no numbers.

    Examples
    --------
    >>> parse_answer("6@2,3 1 x # or 5?")
    Answer(marks={'6': (2, 3), '1': ()}, doubt=True, note='or 5?')
    """
    keys, _, note = line.partition("#")
    marks: dict[str, tuple[int, ...]] = {}
    doubt = False
    for word in keys.lower().split():
        own, at, places = word.partition("@")
        numbers = [part for part in places.split(",") if part]
        if at and not (own and numbers and all(n.isascii() and n.isdigit() for n in numbers)):
            raise UsageError(f"'{printable(word)}' is no mark", remedy="Write 6@2 or 6@2,3.")
        for key in own:
            if key == "x":
                doubt = True
            else:
                marks[key] = (*marks.get(key, ()), *map(int, numbers))
    return Answer(marks, doubt, note.strip())


def label_in_terminal(
    desk: Desk,
    *,
    read: Read = input,
    write: Write = print,
    width: int = 80,
    colour: bool = False,
    tagger: Tagger | None = None,
) -> None:
    """Ask for the open accounts of a desk until all are answered, or the reader stops.

    Parameters
    ----------
    read, write
        Ask for a line, and show some.
    tagger
        Whose opinion is shown after each of the reader's own answers; None shows none.

    Raises
    ------
    UsageError
        If the codebook has more causes than there are keys.
    """
    if not all(desk.keys.values()):
        raise UsageError("there are more causes than keys", remedy="Label on the page.")
    write(f"{HELP}\n")
    at = desk.find_open()
    with suppress(KeyboardInterrupt, EOFError):  # Ctrl-C and Ctrl-D: what is answered is kept.
        while at is not None:
            write(show_account(desk, at, width, colour))
            at = _ask(desk, at, read, write, tagger)
    if desk.find_open() is None:
        write(f"All {len(desk.pile.accounts):,} accounts are answered.")


def _ask(desk: Desk, at: int, read: Read, write: Write, tagger: Tagger | None) -> int | None:
    """Take lines until one leads to another account; None where the reader stops."""
    n = len(desk.pile.accounts)
    while True:
        line = read("> ").strip()
        command = line.lower()
        if command == "q":
            return None
        if command in ("u", "s", "o"):
            return {"u": max(0, at - 1), "s": (at + 1) % n, "o": desk.find_open(at)}[command]
        if line.startswith("?"):
            write(explain_key(desk, line[1:].strip()))
            continue
        account = desk.pile.accounts[at]
        if not line and account.id not in desk.readings:
            write("No answer yet. 0 says that it gives no grounds; s leaves it open; ? helps.")
            continue
        if line:
            try:
                desk.keep(_make(desk, account, line, was_suggested=bool(tagger)))
            except (DataError, UsageError) as error:
                write(f"{error} Nothing was kept.")
                continue
            if tagger:
                write(_say_suggestion(tagger, account.text))
        return at + 1 if at + 1 < n else desk.find_open(at)


def _make(desk: Desk, account: Account, line: str, was_suggested: bool) -> Reading:
    answer = parse_answer(line)
    cause_of = {key: cause for cause, key in desk.keys.items()}
    sentences = split_sentences(account.text)
    spans = []
    for key, numbers in answer.marks.items():
        if key not in cause_of:
            raise UsageError(f"no cause has the key '{printable(key)}'")
        for number in numbers:
            if not 1 <= number <= len(sentences) or key == "0":
                raise UsageError(f"there is no sentence {number} to mark for '{key}'")
            sentence = sentences[number - 1]
            spans.append(Span(cause_of[key], sentence.start, sentence.end, "shown"))
    if not answer.marks:
        raise UsageError("this names no cause", remedy="0 says that there are no grounds.")
    return make_reading(
        account,
        [cause_of[key] for key in answer.marks],
        spans,
        desk.codebook,
        doubt=answer.doubt,
        note=answer.note,
        suggested=was_suggested and account.id in desk.readings,
    )


def show_account(desk: Desk, at: int, width: int = 80, colour: bool = False) -> str:
    """Lay out one account: its sentences by number, the causes by key, the answer so far."""
    account = desk.pile.accounts[at]
    n = len(desk.pile.accounts)
    bold, off = ("\x1b[1m", "\x1b[0m") if colour else ("", "")
    head = f"Account {at + 1:,} of {n:,}, {desk.n_answered:,} answered"
    own_id = " ".join(printable(account.id).split())[: max(4, width - len(head) - 5)]
    lines = ["-" * width, f"{bold}{head}{off}  id {own_id}", ""]
    for number, sentence in enumerate(split_sentences(account.text), 1):
        lead = f"{number:3} "
        lines += textwrap.wrap(
            " ".join(printable(sentence.text).split()),
            width,
            initial_indent=lead,
            subsequent_indent=" " * len(lead),
        )
    lines += ["", *list_keys(desk, width)]
    if account.id in desk.readings:
        lines += ["", f"Answered: {bold}{say_reading(desk, desk.readings[account.id])}{off}"]
    return "\n".join(lines)


def list_keys(desk: Desk, width: int) -> list[str]:
    """Lay the causes out by their keys, in as many columns as there is room for."""
    told = [f"{key} {desk.codebook[cause].name}" for cause, key in desk.keys.items()]
    wide = max(map(len, told)) + 3
    n_rows = -(-len(told) // max(1, width // wide))
    rows = (told[row::n_rows] for row in range(n_rows))
    return ["".join(cell.ljust(wide) for cell in row).rstrip() for row in rows]


def say_reading(desk: Desk, reading: Reading) -> str:
    """Say an answer in a line, as it would be typed and in words."""
    names = ", ".join(desk.codebook[cause].name for cause in reading.labels)
    marks = f"; {len(reading.evidence)} marked" if reading.evidence else ""
    note = f"; {printable(reading.note)}" if reading.note else ""
    return f"{names}{marks}{'; not sure' if reading.doubt else ''}{note}"


def _say_suggestion(tagger: Tagger, text: str) -> str:
    finding = tagger.explain(text)
    named = [
        f"{tagger.codebook[cause].name} ({finding.probabilities[cause]:.0%})"
        for cause in finding.causes
        if cause != UNEXPLAINED
    ]
    return f"The tagger says: {', '.join(named) or 'unexplained'}. u goes back to change yours."


def explain_key(desk: Desk, key: str) -> str:
    """Explain the cause of a key: what it means, what counts and what does not.

    Without a key, the commands.
    """
    if not key:
        return HELP
    causes = [cause for cause, own in desk.keys.items() if own == key.lower()]
    return _explain_cause(desk.codebook, causes[0]) if causes else f"No cause has that key.\n{HELP}"


def _explain_cause(codebook: Codebook, cause_id: str) -> str:
    cause = codebook[cause_id]
    lines = [f"{cause.name} ({cause_id})", *textwrap.wrap(cause.definition, 76)]
    rules = (("counts", cause.counts), ("does not count", cause.does_not_count))
    for title, items in rules:
        lines += [f"{title}:", *(f"  - {item}" for item in items)] if items else []
    if cause_id == UNEXPLAINED:
        lines.append("It is an answer, not a gap: many accounts do not say why.")
    return "\n".join(lines)
