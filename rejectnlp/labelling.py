"""Labelling by people: one account at a time, each answer kept as soon as it is given."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rejectnlp.accounts import Account
from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.errors import DataError, OutputError, UsageError
from rejectnlp.files import BadRow, choose_id_column, choose_text_column, open_table, write_text
from rejectnlp.inputs import read_accounts
from rejectnlp.readings import Reading, check_ids, read_readings

KEYS = "123456789abcdefhijklmprtvwyz"
"""Keys of the causes in the codebook's order; the letters left out are commands."""


@dataclass(frozen=True)
class Pile:
    """The accounts to label, in the order of their file.

    `n_bad` rows could not be read, `n_empty` had no text, `n_answered` hold an answer in
    a column `checked` already, which is neither shown nor taken over.
    """

    source: str
    accounts: tuple[Account, ...]
    n_bad: int = 0
    n_empty: int = 0
    n_answered: int = 0


def read_pile(
    source: Path | str, text_column: str | None = None, id_column: str | None = None
) -> Pile:
    """Read the accounts of a table that are to be labelled.

    Raises
    ------
    UsageError, DataError
        If a column is missing, an id comes twice, or there is no account.
    """
    if str(source) == "-":
        raise UsageError("labelling needs a file, to go on with later", remedy="Name one.")
    bad: list[BadRow] = []
    with open_table(source) as table:
        text = choose_text_column(table.columns, text_column)
        own_id = choose_id_column(table.columns, id_column)
        kept = ["checked"] if "checked" in table.columns else []
        told = list(read_accounts(table, text, own_id, kept, bad))
    accounts = [one.account for one in told if one.account.text.strip()]
    n_answered = sum(bool(one.kept.get("checked", "").strip()) for one in told)
    check_ids([account.id for account in accounts], table.name)
    if not accounts:
        raise DataError("has no account to label", place=table.name)
    return Pile(table.name, tuple(accounts), len(bad), len(told) - len(accounts), n_answered)


def choose_label_file(source: Path, labeller: str = "") -> Path:
    """Name the file that the answers of a labeller are kept in: beside the accounts.

    Examples
    --------
    >>> choose_label_file(Path("check.csv")).name, choose_label_file(Path("a.csv.gz"), "ann").name
    ('check.labels.jsonl', 'a.labels-ann.jsonl')
    """
    stem = source.name.split(".", 1)[0] or source.name
    return source.with_name(f"{stem}.labels{f'-{labeller}' if labeller else ''}.jsonl")


def check_labeller(name: str) -> str:
    """Give a labeller's name, if it can be part of a file's name.

    Examples
    --------
    >>> check_labeller("anna-2")
    'anna-2'
    """
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise UsageError(
            "a labeller's name is of letters, digits, dots and hyphens", remedy="--labeller anna"
        )
    return name


@dataclass
class Desk:
    """A pile and one labeller's answers to it, kept in their file after each one.

    `open_desk` makes it. Answers to accounts that the pile does not have stay in the file.
    """

    pile: Pile
    path: Path
    labeller: str
    codebook: Codebook
    readings: dict[str, Reading] = field(default_factory=dict)
    _seen: tuple[int, int] | None = None
    _lines: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Hold the lines of the file, so that an answer costs its own line only."""
        self._lines = {own_id: self._line_of(own) for own_id, own in self.readings.items()}

    @property
    def keys(self) -> dict[str, str]:
        """Key of each cause; causes beyond the keys there are have none."""
        keys = dict(zip(self.codebook.ids, KEYS, strict=False))
        return {cause: keys.get(cause, "") for cause in self.codebook.ids} | {UNEXPLAINED: "0"}

    @property
    def n_answered(self) -> int:
        """Accounts of the pile that have an answer."""
        return sum(account.id in self.readings for account in self.pile.accounts)

    def find_open(self, after: int = -1) -> int | None:
        """Find the next account without an answer, from the top again at the end."""
        n = len(self.pile.accounts)
        turns = ((after + 1 + step) % n for step in range(n))
        is_open = (i for i in turns if self.pile.accounts[i].id not in self.readings)
        return next(is_open, None)

    def keep(self, reading: Reading) -> None:
        """Keep an answer: the file is written whole or not at all, and holds it afterwards."""
        self.keep_all([reading])

    def keep_all(self, new: Iterable[Reading]) -> None:
        """Keep some answers at once, as `keep` does.

        Raises
        ------
        OutputError
            If the file cannot be written, or somebody else wrote to it meanwhile.
        """
        if _stamp(self.path) != self._seen:
            raise OutputError(
                "was changed by another program meanwhile, so this answer was not kept",
                place=str(self.path),
                remedy="Start `rejectnlp label` again: it goes on from what is there.",
            )
        changed = {reading.id: reading for reading in new}
        lines = self._lines | {own_id: self._line_of(own) for own_id, own in changed.items()}
        write_text(self.path, "".join(lines.values()), force=True)
        self.readings, self._lines = self.readings | changed, lines
        self._seen = _stamp(self.path)

    def _line_of(self, reading: Reading) -> str:
        return json.dumps(reading.to_dict(self.labeller), ensure_ascii=False) + "\n"


def open_desk(pile: Pile, path: Path, labeller: str, codebook: Codebook) -> Desk:
    """Lay out a pile with what its labeller has answered so far.

    Raises
    ------
    UsageError, DataError
        If the file holds another labeller's answers, or those to other texts.
    """
    if path.suffix != ".jsonl":
        raise UsageError("answers are kept as JSON Lines", place=str(path), remedy="Name it .jsonl")
    if not path.parent.is_dir():
        raise OutputError("its folder does not exist", place=str(path), remedy="Make it first.")
    seen = _stamp(path)
    found = read_readings(path) if seen else {}
    others = sorted({name for name, _ in found.values()} - {labeller})
    if others:
        raise UsageError(
            f"holds the answers of '{others[0]}', and labellers do not see each other's",
            place=str(path),
            remedy=f"Use another --labels, or go on as --labeller {others[0]}.",
        )
    readings = {own_id: reading for own_id, (_, reading) in found.items()}
    check_same_texts(pile, readings, path)
    for own_id, reading in readings.items():
        if problem := codebook.check(reading.labels):
            raise DataError(problem, place=f"{path.name}, id {own_id[:40]}")
    return Desk(pile, path, labeller, codebook, readings, seen)


def check_same_texts(pile: Pile, readings: Mapping[str, Reading], path: Path) -> None:
    """Refuse answers to other texts than the pile has under their ids."""
    texts = {account.id: account.text for account in pile.accounts}
    n_other = sum(texts.get(i, reading.text) != reading.text for i, reading in readings.items())
    if n_other:
        raise DataError(
            f"{n_other:,} answers belong to other texts than {pile.source} has under their ids",
            place=str(path),
            remedy="Label the file they were made for, or use another --labels.",
        )


def _stamp(path: Path) -> tuple[int, int] | None:
    if not path.exists():
        return None
    about = path.stat()
    return about.st_mtime_ns, about.st_size
