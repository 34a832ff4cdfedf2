"""The same work on chunk after chunk, in several processes, given back in order."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from rejectnlp.errors import RejectNLPError

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


def map_in_order(
    function: Callable[[Chunk], Result],
    chunks: Iterable[Chunk],
    *,
    n_workers: int,
    start: Callable[..., None],
    given: tuple[Any, ...],
) -> Iterator[Result]:
    """Apply a function to chunks in worker processes; results come in the chunks' order.

    No more than two chunks a worker are on their way at once, so an endless input needs
    no endless memory.

    Parameters
    ----------
    function
        Importable by name: each worker is a fresh interpreter.
    start, given
        Called once in each worker, with these arguments.

    Raises
    ------
    RejectNLPError
        If a worker dies.

    Examples
    --------
    >>> list(map_in_order(len, ["a", "bb"], n_workers=1, start=print, given=()))
    [1, 2]
    """
    # A fresh interpreter is the same on every system, and safe beside threads.
    fresh = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(n_workers, fresh, initializer=start, initargs=given)
    waiting: deque[Future[Result]] = deque()
    try:
        for chunk in chunks:
            waiting.append(pool.submit(function, chunk))
            if len(waiting) > 2 * n_workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise RejectNLPError(
            "a worker process died, perhaps for want of memory",
            remedy="Run it again with fewer --workers.",
        ) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
