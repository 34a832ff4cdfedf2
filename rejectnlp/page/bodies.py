"""What is read of a request: its body within bounds, and the parts that it must have."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request

from rejectnlp.accounts import split_accounts
from rejectnlp.dataset import Span
from rejectnlp.errors import RejectNLPError
from rejectnlp.settings import SETTINGS

_PATIENCE = 4
"""Times its bound that a body is still read through, so that the browser hears the refusal."""


class RefusedError(RejectNLPError):
    """A request that cannot be answered, with the status that says so."""

    def __init__(self, problem: str, status: int = 400, *, remedy: str = "") -> None:
        super().__init__(problem, remedy=remedy)
        self.status = status


async def read_body(request: Request, largest: int) -> bytes:
    """Read a body; one beyond its bound is refused."""
    parts: list[bytes] = []
    n = 0
    try:
        async with asyncio.timeout(SETTINGS.longest_upload):
            async for part in request.stream():
                n += len(part)
                if n > _PATIENCE * largest:
                    break
                if n <= largest:
                    parts.append(part)
    except TimeoutError:
        raise RefusedError("This took too long to arrive", 408, remedy="Send it again.") from None
    if n > largest:
        raise RefusedError(
            f"This is more than the {largest:,} bytes that the page takes at once",
            413,
            remedy="Give fewer or shorter stories.",
        )
    return b"".join(parts)


async def read_json(request: Request) -> Mapping[str, Any]:
    """Read the JSON object that the page's script sends."""
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        raise RefusedError("Only JSON is taken here", 415)
    body = await read_body(request, SETTINGS.largest_paste)
    try:
        parts = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError("This is not JSON") from None
    if not isinstance(parts, dict):
        raise RefusedError("This is not a JSON object")
    return parts


async def read_form(request: Request, token: str) -> str:
    """Read the text that a plain form sends, if its token is right."""
    body = await read_body(request, SETTINGS.largest_paste)
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=8)
    except ValueError:
        raise RefusedError("This is not the page's form") from None
    given = fields.get("token", [""])[0].encode("utf-8", "replace")
    if not secrets.compare_digest(given, token.encode()):
        raise RefusedError("This did not come from the page itself", 403)
    return fields.get("text", [""])[0].replace("\r\n", "\n")


def take_text(parts: Mapping[str, Any]) -> str:
    """Take the text of a request, without what no text may hold."""
    text = parts.get("text")
    if not isinstance(text, str):
        raise RefusedError("The text is missing")
    # Half of a character pair cannot be written back as UTF-8.
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")


def take_stories(text: str) -> list[str]:
    """Cut a text into its stories; more than can be shown are refused."""
    stories = split_accounts(text)
    if len(stories) > SETTINGS.most_stories:
        raise RefusedError(
            f"These are {len(stories)} stories; {SETTINGS.most_stories} can be shown at once",
            413,
            remedy="For many, `rejectnlp predict` takes a whole file.",
        )
    return stories


def take_story(parts: Mapping[str, Any]) -> str:
    """Take the one story that a request is about."""
    stories = take_stories(take_text(parts))
    return stories[take_number(parts, "story", len(stories))]


def take_labels(parts: Mapping[str, Any]) -> tuple[list[str], list[Span]]:
    """Take the labels that a person chose, and the words marked for them."""
    try:
        spans = [
            Span(str(e["cause"]), int(e["start"]), int(e["end"]), str(e["ground"]))
            for e in parts["evidence"]
        ]
        return [str(label) for label in parts["labels"]], spans
    except (KeyError, TypeError, ValueError, OverflowError):
        raise RefusedError("Some part of the answer is missing") from None


def take_number(parts: Mapping[str, Any], name: str, n: int) -> int:
    """Take a number below n."""
    number = parts.get(name)
    if type(number) is not int or not 0 <= number < n:
        raise RefusedError(f"The {name} is not there any more")
    return number
