"""The page on a port of this machine, until Ctrl-C."""

from __future__ import annotations

import secrets
import webbrowser
from asyncio import TimerHandle, Transport
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from rejectnlp.dataset import read_rows
from rejectnlp.errors import UsageError
from rejectnlp.labelling import Desk
from rejectnlp.page.app import make_app
from rejectnlp.page.guard import Guard
from rejectnlp.page.labelapp import make_label_app
from rejectnlp.page.views import view_answer
from rejectnlp.scorer import Tagger
from rejectnlp.settings import SETTINGS

LOOPBACK = "127.0.0.1"


def serve(
    tagger: Tagger,
    *,
    port: int = 0,
    open_browser: bool = True,
    labels: Path | None = None,
    shipped: Mapping[str, Any] | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Show the coach's page in the browser until Ctrl-C.

    Parameters
    ----------
    port
        To listen on; 0 takes a free one.
    labels
        The file in which the coach may keep corrections.
    shipped
        What is known about the model that ships, where `tagger` has another one.
    say
        Called with the page's address once it answers.

    Raises
    ------
    UsageError
        If the port is taken, or the file cannot be one of corrections.
    """
    if labels:
        _check_labels(labels)

    def make(port: int, token: str) -> Guard:
        # The first answer loads what later ones find loaded.
        view_answer(tagger, ["They told me that the job had gone to somebody else."])
        return make_app(tagger, port, token, labels, shipped)

    _serve_app(make, port, open_browser, say)


def serve_desk(
    desk: Desk,
    *,
    tagger: Tagger | None = None,
    port: int = 0,
    open_browser: bool = True,
    say: Callable[[str], None] = print,
) -> None:
    """Show the labelling page in the browser until Ctrl-C; `serve` says the rest.

    Parameters
    ----------
    tagger
        Whose opinion is shown after each of the reader's own answers; None shows none.
    """

    def make(port: int, token: str) -> Guard:
        return make_label_app(desk, port, token, tagger)

    _serve_app(make, port, open_browser, say)


def _serve_app(
    make: Callable[[int, str], Guard], port: int, open_browser: bool, say: Callable[[str], None]
) -> None:
    config = uvicorn.Config(
        "",  # The application must know its port: it comes below.
        host=LOOPBACK,
        port=port,
        http=_Impatient,
        limit_concurrency=SETTINGS.most_connections,
        access_log=False,
        log_config=None,
        log_level="critical",
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    try:
        listener = config.bind_socket()
    except SystemExit:
        problem = f"port {port} is taken, or may not be used"
        raise UsageError(problem, remedy="Leave --port out to get a free one.") from None
    token = secrets.token_urlsafe(24)
    port = listener.getsockname()[1]
    config.app = make(port, token)
    address = f"http://{LOOPBACK}:{port}/?token={token}"
    with suppress(KeyboardInterrupt):
        _Server(config, address, say, open_browser).run(sockets=[listener])


class _Impatient(H11Protocol):
    """Closes a connection whose next request does not come in time, once it has begun.

    The server itself waits for ever for the end of a header.
    """

    _deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait on if it is no whole request."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering:
            self._stop()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(SETTINGS.longest_head, self.transport.close)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    """Says its address, and opens the browser, when it can answer and not before."""

    def __init__(
        self, config: uvicorn.Config, address: str, say: Callable[[str], None], opens: bool
    ) -> None:
        super().__init__(config)
        self._address, self._say, self._opens = address, say, opens

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self._say(self._address)
        if self._opens:
            # A thread that nobody waits for: some browsers only return when they are closed.
            Thread(target=webbrowser.open, args=[self._address], daemon=True).start()


def _check_labels(path: Path) -> None:
    if not path.parent.is_dir():
        raise UsageError("its folder does not exist", place=str(path), remedy="Make it first.")
    if path.suffix != ".jsonl":
        raise UsageError(
            "corrections are kept as JSON Lines", place=str(path), remedy="Name it so: own.jsonl"
        )
    if path.exists():
        read_rows([path])
