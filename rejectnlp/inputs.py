"""The accounts of one file or many, as one stream."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rejectnlp.accounts import Account
from rejectnlp.errors import UsageError, suggest
from rejectnlp.files import (
    BadRow,
    Row,
    Table,
    choose_id_column,
    choose_text_column,
    list_columns,
    open_table,
)
from rejectnlp.settings import SETTINGS

_HEAD = 2**20  # bytes at each end of a file by which it is known again


class Told(NamedTuple):
    """An account, and what the other columns of its row say that is to be kept."""

    account: Account
    kept: dict[str, str]


class Aside(NamedTuple):
    """A row of a file that could not be read."""

    file: str
    row: int
    reason: str
    raw: str


@dataclass(frozen=True)
class Wanted:
    """Which columns of the files to read; None and nothing follow the usual names.

    `keep` names columns to hand along, `("all",)` all but the text and the id.
    """

    text_column: str | None = None
    id_column: str | None = None
    keep: tuple[str, ...] = ()


def read_accounts(
    table: Table,
    text_column: str,
    id_column: str | None,
    kept: Sequence[str],
    bad: list[BadRow],
) -> Iterator[Told]:
    """Give the accounts of a table; rows that cannot be read are added to `bad`.

    Without an id column the number of the row is its id.
    """
    for row in table:
        if isinstance(row, BadRow):
            bad.append(row)
        else:
            yield tell(row, text_column, id_column, kept)


def tell(row: Row, text_column: str, id_column: str | None, kept: Sequence[str]) -> Told:
    """Take the account out of a row; its number is its id where it has none.

    Examples
    --------
    >>> tell(Row(7, {"text": "He yawned.", "town": "Leeds"}), "text", None, ["town"])
    Told(account=Account(id='7', text='He yawned.'), kept={'town': 'Leeds'})
    """
    own_id = row.values.get(id_column, "") if id_column else ""
    account = Account(own_id or str(row.number), row.values.get(text_column, ""))
    return Told(account, {name: row.values.get(name, "") for name in kept})


def choose_kept(
    columns: Sequence[str], wanted: Sequence[str], taken: Collection[str | None], own: Sequence[str]
) -> list[str]:
    """Choose the columns to write along: those wanted, in their order.

    Parameters
    ----------
    taken
        Columns of the text and the id, which `all` does not mean.
    own
        Columns that tagging adds.

    Raises
    ------
    UsageError
        If a column is not there, or has the name of one that tagging adds.

    Examples
    --------
    >>> choose_kept(["id", "story", "date"], ["all"], ["story", "id"], ["id", "causes"])
    ['date']
    """
    if list(wanted) == ["all"]:
        wanted = [name for name in columns if name not in taken]
    for name in wanted:
        if name not in columns:
            remedy = f"{suggest(name, columns)}Columns: {list_columns(columns)}."
            raise UsageError(f"--keep: no column '{name}'", remedy=remedy)
        if name in own:
            remedy = "Rename it in the file, or leave it out of --keep."
            raise UsageError(f"--keep: tagging adds a column '{name}' of its own", remedy=remedy)
    return list(dict.fromkeys(wanted))


class Accounts:
    """The accounts of files in their order; a context manager, read once.

    After entering, `kept` are the columns handed along, and all files were looked into:
    a file without a text column stops the work before it begins.

    Parameters
    ----------
    paths
        Files, or "-" alone for standard input.
    wanted
        Columns to read.
    own
        Columns that tagging adds; with several files also `file`.
    report
        Called with what was assumed about the files.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        wanted: Wanted,
        own: Sequence[str],
        report: Callable[[str], None],
    ) -> None:
        self._paths = paths
        self._wanted = wanted
        self._own = own
        self._report = report
        self._stack = ExitStack()
        self._only: Table | None = None
        self._at: Table | None = None
        self._ids = _Ids()
        self._n_before = 0
        self.kept: list[str] = []

    @property
    def are_many(self) -> bool:
        """Whether there are several files, so that rows have to say theirs."""
        return len(self._paths) > 1

    def __enter__(self) -> Accounts:
        with ExitStack() as stack:
            if self.are_many:
                tables = [self._look_into(path) for path in self._paths]
            else:
                # Opened once: standard input and named pipes give their bytes but once.
                self._only = stack.enter_context(open_table(self._paths[0]))
                tables = [self._only]
            self._choose_kept(tables)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def _look_into(self, path: Path) -> Table:
        with open_table(path) as table:
            return table

    def _choose_kept(self, tables: Sequence[Table]) -> None:
        taken: set[str | None] = set()
        for table in tables:
            for assumption in table.assumptions:
                self._report(f"{table.name}: {assumption}")
            taken |= set(self._choose_columns(table))
        columns = list(dict.fromkeys(name for table in tables for name in table.columns))
        own = [*self._own, *(["file"] if self.are_many else [])]
        self.kept = choose_kept(columns, self._wanted.keep, taken, own)
        for table in tables:
            if absent := [name for name in self.kept if name not in table.columns]:
                self._report(f"{table.name}: has no column {', '.join(absent)}: left empty")

    def _choose_columns(self, table: Table) -> tuple[str, str | None]:
        try:
            text = choose_text_column(table.columns, self._wanted.text_column)
            return text, choose_id_column(table.columns, self._wanted.id_column)
        except UsageError as error:
            if self.are_many:
                error.place = error.place or table.name
            raise

    def __iter__(self) -> Iterator[Told | Aside]:
        for path in self._paths:
            if self._only:
                yield from self._read(self._only, "")
            else:
                with open_table(path) as table:
                    yield from self._read(table, str(path))
                self._n_before += path.stat().st_size
        if said := self._ids.say():
            self._report(said)

    def _read(self, table: Table, file: str) -> Iterator[Told | Aside]:
        self._at = table
        n_said = len(table.assumptions)
        text_column, id_column = self._choose_columns(table)
        columns = {"file": file} if self.are_many else {}
        for row in table:
            if isinstance(row, BadRow):
                yield Aside(file or table.name, row.number, row.reason, row.raw)
                continue
            told = tell(row, text_column, id_column, self.kept)
            if self.are_many:
                self._ids.add(told.account.id)
            yield Told(_cut(told.account), {**columns, **told.kept})
        self._ids.close_file()
        for assumption in table.assumptions[n_said:]:  # Some show only on the way.
            self._report(f"{table.name}: {assumption}")

    def share_read(self) -> float | None:
        """Say what share of the files' bytes was read so far, if it can be known."""
        if not self._at or not all(path.is_file() for path in self._paths):
            return None
        n_all = sum(path.stat().st_size for path in self._paths)
        return min(1.0, (self._n_before + self._at.n_bytes_read()) / max(1, n_all))


def _cut(account: Account) -> Account:
    """Keep of a text what is read of it, for some hundred are held at once."""
    if len(account.text) <= SETTINGS.longest_text:
        return account
    # One character more says that it was longer.
    return Account(account.id, account.text[: SETTINGS.longest_text + 1])


class _Ids:
    """Sees that an id stands in two files."""

    def __init__(self) -> None:
        self._earlier: set[int] = set()
        self._own: set[int] = set()
        self._n_twice = 0
        self._is_full = False

    def add(self, own_id: str) -> None:
        key = hash(own_id)  # of this process; the id itself would take more room
        self._n_twice += key in self._earlier
        self._is_full = len(self._earlier) + len(self._own) >= SETTINGS.most_ids
        if not self._is_full:
            self._own.add(key)

    def close_file(self) -> None:
        self._earlier |= self._own
        self._own.clear()

    def say(self) -> str:
        some = f"at least {self._n_twice:,}" if self._is_full else f"{self._n_twice:,}"
        if not self._n_twice:
            return ""
        return f"{some} rows have an id of another file; the column `file` tells them apart"


def identify_file(path: Path) -> str:
    """Give a fingerprint of a file that changes with it, without reading all of it.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "a.csv")
    >>> _ = path.write_text("text")
    >>> before = identify_file(path)
    >>> _ = path.write_text("taxt")
    >>> identify_file(path) == before
    False
    """
    about = path.stat()
    seen = hashlib.blake2b(f"{about.st_size} {about.st_mtime_ns} ".encode(), digest_size=16)
    with path.open("rb") as stream:
        seen.update(stream.read(_HEAD))
        stream.seek(max(_HEAD, about.st_size - _HEAD))
        seen.update(stream.read(_HEAD))
    return seen.hexdigest()
