"""The same work on chunk after chunk, in several processes, given back in order."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from threading import Thread
from typing import Any, Generic, TypeVar

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
    no endless memory. Where a worker dies, what was on its way is done again by fresh
    ones; only a chunk that is reached twice in vain ends the work.

    Parameters
    ----------
    function
        Importable by name: each worker is a fresh interpreter.
    start, given
        Called once in each worker, with these arguments.

    Raises
    ------
    RejectNLPError
        If workers die over the same chunk twice.

    Examples
    --------
    >>> list(map_in_order(len, ["a", "bb"], n_workers=1, start=print, given=()))
    [1, 2]
    """
    crew = _Crew(function, n_workers, start, given)
    try:
        for chunk in chunks:
            crew.take(chunk)
            if crew.n_waiting > 2 * n_workers:
                yield crew.give()
        while crew.n_waiting:
            yield crew.give()
    finally:
        crew.close()


class _Crew(Generic[Chunk, Result]):
    """Workers, and the chunks on their way, oldest first."""

    def __init__(
        self,
        function: Callable[[Chunk], Result],
        n_workers: int,
        start: Callable[..., None],
        given: tuple[Any, ...],
    ) -> None:
        self._function = function
        self._n_workers, self._start, self._given = n_workers, start, given
        self._pool = self._hire()
        self._waiting: deque[tuple[Chunk, Future[Result]]] = deque()
        self._has_failed = False

    @property
    def n_waiting(self) -> int:
        return len(self._waiting)

    def _hire(self) -> ProcessPoolExecutor:
        # A fresh interpreter is the same on every system, and safe beside threads.
        fresh = multiprocessing.get_context("spawn")
        given = (self._start, self._given)
        return ProcessPoolExecutor(self._n_workers, fresh, initializer=_begin, initargs=given)

    def take(self, chunk: Chunk) -> None:
        try:
            future = self._pool.submit(self._function, chunk)
        except BrokenProcessPool as error:
            future = Future()
            future.set_exception(error)  # Its turn comes in `give`.
        self._waiting.append((chunk, future))

    def give(self) -> Result:
        while True:
            try:
                result = self._waiting[0][1].result()
            except BrokenProcessPool as error:
                if self._has_failed:
                    raise RejectNLPError(
                        "a worker process died, and so did its successor: perhaps for want of "
                        "memory",
                        remedy="Run it again with fewer --workers.",
                    ) from error
                self._has_failed = True
                self._start_again()
            else:
                self._waiting.popleft()
                self._has_failed = False
                return result

    def _start_again(self) -> None:
        self.close()
        self._pool = self._hire()
        chunks = [chunk for chunk, _ in self._waiting]
        self._waiting.clear()
        for chunk in chunks:
            self.take(chunk)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _begin(start: Callable[..., None], given: tuple[Any, ...]) -> None:
    # Ctrl-C reaches every process of the terminal; the main one says what there is to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    start(*given)


def _end_with_parent() -> None:
    """End with a main process that was killed: it had no time to send its workers home."""
    if parent := multiprocessing.parent_process():
        parent.join()
    os._exit(1)
