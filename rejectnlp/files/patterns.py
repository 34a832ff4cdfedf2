"""Names and patterns become the files they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from glob import glob, has_magic
from pathlib import Path

from rejectnlp.errors import UsageError
from rejectnlp.files.sources import STDIN


def find_files(
    patterns: Sequence[Path | str], report: Callable[[str], None] = lambda message: None
) -> list[Path]:
    """Give the files that names and patterns mean, each once, a pattern's in sorted order.

    Parameters
    ----------
    patterns
        Names, or patterns with `*`, `?`, `[...]`, and `**` for folders within folders. A
        file whose own name looks like a pattern is taken as it is.
    report
        Called with what was named twice and is read once.

    Raises
    ------
    UsageError
        If a pattern matches no file, or standard input stands beside files.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("b.csv", "a.csv", "c.txt"):
    ...     _ = (folder / name).write_text("text")
    >>> [path.name for path in find_files([folder / "c.txt", folder / "*.csv"])]
    ['c.txt', 'a.csv', 'b.csv']
    """
    found: dict[Path, None] = {}
    for pattern in map(str, patterns):
        for path in _expand(pattern):
            if path in found:
                report(f"{path} is named twice and read once")
            found[path] = None
    if STDIN in found and len(found) > 1:
        remedy = "Give it alone, or write it to a file first."
        raise UsageError("standard input cannot be read beside files", remedy=remedy)
    return list(found)


def _expand(pattern: str) -> list[Path]:
    if not has_magic(pattern) or Path(pattern).exists():
        return [Path(pattern)]
    matches = [Path(name) for name in sorted(glob(pattern, recursive=True))]
    files = [path for path in matches if not path.is_dir()]
    if not files:
        remedy = "Look at its folder, and keep it in quotes if the shell is not to read it."
        raise UsageError("matches no file", place=pattern, remedy=remedy)
    return files
