"""A story pasted into the terminal."""

from __future__ import annotations

import sys
from contextlib import suppress

PATIENCE = 0.15
"""Seconds after an empty line in which the rest of a paste must have come."""


def read_paste() -> str:
    """Take a story from the terminal, up to an empty line or Ctrl-D.

    Empty lines between the paragraphs of a paste do not end it: more is waiting then.
    """
    # With readline a line may be edited, and be longer than the 4,096 bytes of a plain terminal.
    with suppress(ImportError):
        import readline  # noqa: F401
    lines: list[str] = []
    with suppress(EOFError):
        while True:
            line = input()
            if not line.strip() and lines and not _is_more_waiting():
                break
            if line.strip() or lines:
                lines.append(line)
    return "\n".join(lines)


def _is_more_waiting() -> bool:
    from select import select

    try:
        return bool(select([sys.stdin], [], [], PATIENCE)[0])
    except (OSError, ValueError):  # Windows can wait for connections only
        return False
