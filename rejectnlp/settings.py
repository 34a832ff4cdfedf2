"""Every default of rejectnlp, with its reason."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from rejectnlp.errors import UsageError, suggest


@dataclass(frozen=True)
class Settings:
    """What training and prediction do unless told otherwise.

    Examples
    --------
    >>> Settings().seed
    1
    """

    seed: int = 1
    """The one seed: folds, bootstraps and samples draw from it."""

    longest_sentence: int = 40
    """Words after which a sentence without a full stop is cut at a joint."""

    word_ngrams: tuple[int, int] = (1, 2)
    """Single words and pairs: triples brought nothing, single words alone lost."""

    char_ngrams: tuple[int, int] = (3, 5)
    """Characters within words, for endings, typing slips and parts of words."""

    min_words: int = 2
    """Texts that a word n-gram must stand in: no phrase of one story enters a model."""

    min_chars: int = 3
    """Texts that a character n-gram must stand in."""

    n_folds: int = 5
    """Folds for calibration and cut-offs."""

    C: float = 10.0
    """Inverse regularisation of the weights."""

    damping: float = 1.0
    """How far short texts are kept short, in median squared lengths of the texts."""

    balance: float = 0.5
    """How far rare causes are weighed up, 0 not at all to 1 fully."""

    fragment_weight: float = 0.5
    """Weight of a sentence beside an account's 1."""

    words_weight: float = 0.25
    """Weight of bare marked words beside an account's 1."""

    fewest_accounts: int = 20
    """Accounts without which training is refused: fewer cannot be calibrated at all."""

    precisions: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
    """Shares of right ones among the named for which a model keeps cut-offs, `--precision`."""

    n_jobs: int = 2
    """Causes learned side by side; changes no number."""

    fewest_positives: int = 10
    """Accounts without which a cause's F1 is too shaky to enter an average."""

    fewest_checked: int = 10
    """Checked accounts without which no share is estimated from them."""

    smallest_group: int = 10
    """Accounts without which a group is not shown: so few could be recognised."""

    most_quoted: int = 3
    """Sentences a report quotes for one cause, where it is asked to quote."""

    longest_quoted: int = 240
    """Characters of a sentence that is quoted: what a reader takes in as an example."""

    most_periods: int = 36
    """Months shown over time; beyond three years of them quarters are, then years."""

    n_bootstrap: int = 1000
    """Draws behind each 95 % interval."""

    fewest_words: int = 3
    """Words without which a text is not read for causes: one word alone carries no grounds,
    and its weight would be all there is."""

    fewest_words_for_language: int = 6
    """Words from which a text's language is judged: fewer say too little."""

    shortest_topic: int = 160
    """Characters from which a text without a word of jobs or interviews is noted as such."""

    evidence_share: float = 0.5
    """How much a sentence's look of being grounds at all adds to what it says of a cause:
    half, so that the cause leads."""

    most_evidence: int = 3
    """Sentences shown for one cause at most: what a reader takes in at a glance."""

    batch_size: int = 256
    """Accounts scored together: enough to make the calls cheap, few enough to show progress."""

    journal_seconds: float = 2.0
    """Between two journals of a long run: what a killed one has to do again at most; a
    shorter run needs none."""

    most_ids: int = 2_000_000
    """Ids remembered to see that one stands in two files: some 150 MB."""

    most_rows_named: int = 10
    """Rows that could not be read named on the screen, where a file holds them all."""

    batch_characters: int = 1_000_000
    """Characters scored together: bounds the memory where accounts are long."""

    longest_text: int = 50_000
    """Characters of a text that are read; a longer one is cut and its row says so."""

    largest_input: int = 20_000_000
    """Bytes of one piped text beyond which it is refused: no story, and memory has to end."""

    largest_paste: int = 400_000
    """Bytes of text that the coach's page takes at once: some 300 long stories."""

    most_stories: int = 50
    """Stories shown at once; more are for `rejectnlp predict` and a file."""

    largest_attachment: int = 10_000_000
    """Bytes of a document, and of what it unpacks to: pictures included, no story has more."""

    most_pdf_pages: int = 50
    """Pages of a PDF that are read."""

    longest_wait: int = 15
    """Seconds after which reading a PDF is given up."""

    longest_head: int = 10
    """Seconds that a request to the page may take until its headers are there: a browser's are
    there at once, and connections held half open would use up all that may be open."""

    longest_upload: int = 60
    """Seconds that the body of a request may take: 10 MB through a slow tunnel."""

    most_connections: int = 400
    """Connections beyond which the page answers that it is busy: a browser opens six, and a
    process may by default hold some 1,000 files open."""

    most_at_once: int = 4
    """Requests read and answered at once, the others wait: bounds what the page holds."""

    most_moves: int = 5
    """Changes of probability shown for one sentence."""

    most_near: int = 3
    """Causes shown as close but not found."""

    least_near: float = 0.05
    """Probability from which a cause is called close at all."""

    longest_note: int = 500
    """Characters of a labeller's note: a remark, not another story."""

    largest_page: int = 5_000_000
    """Bytes of a saved page; a long article has some 100 kB, beyond 5 MB it is something else."""


SETTINGS = Settings()


RANGES: dict[str, tuple[float, float]] = {
    "C": (1e-6, 1e6),
    "balance": (0, 1),
    "damping": (0, 100),
    "fragment_weight": (0, 100),
    "words_weight": (0, 100),
    "seed": (0, 2**31 - 1),
    "n_jobs": (1, 256),
}
"""The settings of a training, which a file may change, with the values they may take."""


def read_settings(path: Path) -> Settings:
    """Read settings from a TOML file; what it leaves out keeps its default.

    Raises
    ------
    UsageError
        If the file cannot be read, or names a setting that does not exist or another type.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError("is not a readable TOML file", place=str(path)) from error
    types = {name: type(getattr(SETTINGS, name)) for name in RANGES}
    for name, value in given.items():
        if name not in types:
            raise UsageError(
                f"no setting '{name}'",
                place=str(path),
                remedy=f"{suggest(name, types)}Settings: {', '.join(types)}.",
            )
        if types[name] is float and type(value) is int:
            given[name] = float(value)
        elif type(value) is not types[name]:
            raise UsageError(
                f"setting '{name}' must be of type {types[name].__name__}", place=str(path)
            )
        low, high = RANGES[name]
        if not low <= given[name] <= high:
            raise UsageError(f"setting '{name}' must be from {low} to {high}", place=str(path))
    return replace(SETTINGS, **given)


def asset_path(kind: str, name: str) -> Path:
    """Find a file or folder that ships with rejectnlp.

    In an installed wheel it lies inside the package, in a checkout beside it.

    Parameters
    ----------
    kind
        `data` or `models`.
    name
        Name below that folder.

    Examples
    --------
    >>> asset_path("data", "codebook.json").name
    'codebook.json'
    """
    package = Path(str(resources.files("rejectnlp")))
    inside = package / kind / name
    return inside if inside.exists() else package.parent / kind / name
