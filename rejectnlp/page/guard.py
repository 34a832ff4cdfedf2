"""Who may ask the page anything: this machine, by its address, with the token of this start."""

from __future__ import annotations

import asyncio
import secrets
import sys
import traceback
from contextlib import nullcontext

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rejectnlp.settings import SETTINGS

TOKEN_HEADER = "x-rejectnlp-token"
SORRY = "Something went wrong here. Your text is still in its box."
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""Stand on every answer: nothing from outside, nothing kept, nothing framed."""


class Guard:
    """Lets through what comes from the page itself, and puts `HEADERS` on every answer.

    A request must name the loopback and our port as its host, so that no name that
    somebody points at this machine reaches us. The token comes once in the address, is
    then a cookie, and stands in a header or a form's field of everything that is sent,
    which must also come from our own origin.

    Parameters
    ----------
    app
        What answers those let through.
    port
        Of this page.
    token
        Of this start.
    """

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self._app = app
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        self._token = token
        self._cookie = f"rejectnlp_{port}"
        self._room = asyncio.Semaphore(SETTINGS.most_at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer: ASGIApp = self.refuse(Request(scope)) or self._app
        try:
            is_work = answer is self._app and scope["method"] == "POST"
            async with self._room if is_work else nullcontext():
                await answer(scope, receive, send_guarded)
        except Exception as error:
            report_bug(error)
            if not started:
                await PlainTextResponse(SORRY, 500)(scope, receive, send_guarded)

    def refuse(self, request: Request) -> Response | None:
        """Give the refusal of a request, or None if it may pass."""
        if request.headers.get("host") not in self._hosts:
            return PlainTextResponse("This page answers on 127.0.0.1 only.", 400)
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("There is nothing of this kind here.", 405)
        if request.method != "POST" and request.scope["path"].startswith("/static/"):
            return None
        if request.method != "POST" and self._fits(request.query_params.get("token")):
            return self._admit(request)
        if not self._fits(self._read_cookie(request)):
            return PlainTextResponse(
                "Please open the address that was printed when this page was started.", 403
            )
        if request.method == "POST" and not self._is_own_post(request):
            return PlainTextResponse("This did not come from the page itself.", 403)
        return None

    def _admit(self, request: Request) -> Response:
        # The token leaves the address at once: what stands there stays in the history.
        response = RedirectResponse("/" + request.scope["path"].lstrip("/"), 303)
        response.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
        return response

    def _read_cookie(self, request: Request) -> str | None:
        # Python's own parser takes 18 seconds for 60 kB of quoted backslashes, which any page
        # of another port may have set: cookies know no ports.
        for part in request.headers.get("cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == self._cookie:
                return value
        return None

    def _is_own_post(self, request: Request) -> bool:
        own = f"http://{request.headers['host']}"
        origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
        # Browsers send "null" with a plain form of a page without a referrer, and say beside
        # it, where no script can, that the form was ours.
        is_ours = origin == own or (origin in (None, "null") and site == "same-origin")
        if site not in (None, "same-origin") or not is_ours:
            return False
        # A form brings its token in a field, which `bodies.read_form` asks for.
        return is_form(request) or self._fits(request.headers.get(TOKEN_HEADER))

    def _fits(self, token: str | None) -> bool:
        given = (token or "").encode("utf-8", "replace")
        return secrets.compare_digest(given, self._token.encode())


def is_form(request: Request) -> bool:
    """Say whether a request is a plain HTML form, as sent without JavaScript."""
    kind = request.headers.get("content-type", "")
    return kind.split(";")[0].strip().lower() == "application/x-www-form-urlencoded"


def report_bug(error: Exception) -> None:
    """Write where an error happened to standard error, without what it says.

    Messages of errors can hold what was being worked on, which is somebody's story.
    """
    frames = "".join(traceback.format_tb(error.__traceback__))
    print(f"{frames}{type(error).__name__}, a bug: please report it.", file=sys.stderr)
