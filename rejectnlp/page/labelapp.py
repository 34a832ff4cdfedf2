"""The routes of the labelling page: an account is shown, its answer kept, the next one shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rejectnlp.accounts import Account
from rejectnlp.codebook import Codebook
from rejectnlp.errors import RejectNLPError
from rejectnlp.labelling import Desk
from rejectnlp.page import bodies, looks
from rejectnlp.page.app import be_sorry, explain_error, send_static
from rejectnlp.page.guard import Guard
from rejectnlp.page.labelviews import view_sheet, view_toggles
from rejectnlp.readings import Reading, make_reading
from rejectnlp.scorer import Tagger
from rejectnlp.settings import SETTINGS

GOING = ("stay", "next", "previous", "open")
"""Where a request asks to go from its account."""


def make_label_app(desk: Desk, port: int, token: str, tagger: Tagger | None = None) -> Guard:
    """Give the labelling page as an ASGI application, behind its guard.

    Parameters
    ----------
    tagger
        Whose opinion is shown after each of the reader's own answers; None shows none.
    """
    looks.fill_globals()
    room = _Room(desk, token, tagger)
    routes = [
        Route("/", room.open_page),
        Route("/show", room.show, methods=["POST"]),
        Route("/save", room.save, methods=["POST"]),
        Route("/static/{name}", send_static),
    ]
    handlers = {RejectNLPError: explain_error, Exception: be_sorry}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), port, token)


class _Room:
    """One labeller at one desk."""

    def __init__(self, desk: Desk, token: str, tagger: Tagger | None) -> None:
        self._desk = desk
        self._token = token
        self._tagger = tagger

    async def open_page(self, request: Request) -> Response:
        """Show the page at the first open account."""
        at = self._desk.find_open()
        return looks.show(
            "label.html",
            token=self._token,
            suggests=self._tagger is not None,
            **self._values(at),
        )

    def _values(self, at: int | None) -> dict[str, object]:
        sheet = None if at is None else view_sheet(self._desk, at, self._tagger)
        return {
            "sheet": sheet,
            "toggles": view_toggles(self._desk),
            "n": len(self._desk.pile.accounts),
            "path": str(self._desk.path),
            "settings": SETTINGS,
        }

    async def show(self, request: Request) -> Response:
        """Show another account; nothing is kept."""
        parts = await bodies.read_json(request)
        number, going = self._take_place(parts)
        return looks.show("sheet.html", **self._values(self._go(number, going)))

    async def save(self, request: Request) -> Response:
        """Keep an answer, then show where to go from there."""
        parts = await bodies.read_json(request)
        number, going = self._take_place(parts)
        account = self._desk.pile.accounts[number]
        if parts.get("id") != account.id:
            raise bodies.RefusedError("This account is not there any more", remedy="Reload.")
        was_answered = account.id in self._desk.readings
        reading = take_reading(account, parts, self._desk.codebook)
        if self._tagger and was_answered:
            reading = replace(reading, suggested=True)
        self._desk.keep(reading)
        if self._tagger and not was_answered and going == "next":
            going = "stay"  # The tagger speaks now; Enter once more leads on.
        return looks.show("sheet.html", **self._values(self._go(number, going)))

    def _take_place(self, parts: Mapping[str, Any]) -> tuple[int, str]:
        going = parts.get("go")
        if going not in GOING:
            raise bodies.RefusedError("There is no such way to go")
        return bodies.take_number(parts, "number", len(self._desk.pile.accounts)), str(going)

    def _go(self, number: int, going: str) -> int | None:
        """Find the account that comes; None when all are answered and the end is reached."""
        last = len(self._desk.pile.accounts) - 1
        if going == "next":
            return number + 1 if number < last else self._desk.find_open()
        if going == "open":
            return self._desk.find_open(number)
        return max(0, number - 1) if going == "previous" else number


def take_reading(account: Account, parts: Mapping[str, Any], codebook: Codebook) -> Reading:
    """Take the answer of a request, if it is one to this account."""
    labels, spans = bodies.take_labels(parts)
    doubt, note = bool(parts.get("doubt")), str(parts.get("note", ""))
    # Half of a character pair cannot be written back as UTF-8.
    note = note.encode("utf-8", "replace").decode()
    return make_reading(account, labels, spans, codebook, doubt=doubt, note=note)
