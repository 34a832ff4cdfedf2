"""The routes of the page: each reads a request, calls one view, and shows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from rejectnlp.attachments import read_attachment
from rejectnlp.contributions import examine_sentence
from rejectnlp.corrections import keep_correction, make_correction
from rejectnlp.errors import RejectNLPError
from rejectnlp.page import bodies, looks, summaries, views
from rejectnlp.page.guard import SORRY, Guard
from rejectnlp.scorer import Tagger
from rejectnlp.settings import SETTINGS

Answer = Callable[[Request], Awaitable[Response]]


def make_app(
    tagger: Tagger,
    port: int,
    token: str,
    labels: Path | None = None,
    shipped: Mapping[str, Any] | None = None,
) -> Guard:
    """Give the whole page as an ASGI application, behind its guard.

    Parameters
    ----------
    tagger
        Explains the stories.
    port
        On which the page will be asked.
    token
        Of this start.
    labels
        The file in which the coach keeps corrections; None keeps none.
    shipped
        What is known about the model that ships, to say how this one differs from it.
    """
    looks.fill_globals()
    desk = _Desk(tagger, token, labels, views.say_model(tagger.model.about, shipped))
    routes = [
        Route("/", desk.show_stories, methods=["GET", "POST"]),
        Route("/pattern", desk.show_pattern, methods=["GET", "POST"]),
        Route("/answer", desk.answer, methods=["POST"]),
        Route("/pattern/answer", desk.answer_pattern, methods=["POST"]),
        Route("/sentence", desk.answer_sentence, methods=["POST"]),
        Route("/attachment", desk.read_attachment, methods=["POST"]),
        Route("/keep", desk.keep, methods=["POST"]),
        Route("/static/{name}", send_static),
    ]
    handlers = {RejectNLPError: explain_error, Exception: be_sorry}
    app = Starlette(routes=routes, exception_handlers=handlers)
    return Guard(app, port, token)


async def send_static(request: Request) -> Response:
    """Give the style, a script or the icon."""
    name = request.path_params["name"]
    if name not in looks.STATIC:
        return PlainTextResponse("There is no such page here.", 404)
    return Response(looks.read_static(name), headers={"content-type": looks.STATIC[name]})


async def explain_error(request: Request, error: Exception) -> Response:
    """Say what is at fault; the project's errors never quote a story."""
    return PlainTextResponse(str(error), getattr(error, "status", 400))


async def be_sorry(request: Request, error: Exception) -> Response:
    """Answer a bug; the guard reports it."""
    return PlainTextResponse(SORRY, 500)


class _Desk:
    """Answers with one model. It remembers no story."""

    def __init__(self, tagger: Tagger, token: str, labels: Path | None, about_model: str) -> None:
        self._tagger = tagger
        self._token = token
        self._labels = labels
        self._about_model = about_model

    async def show_stories(self, request: Request) -> Response:
        """Show the page; to a plain form, with its answer."""
        text = await bodies.read_form(request, self._token) if request.method == "POST" else ""
        answer = views.view_answer(self._tagger, bodies.take_stories(text)) if text else None
        return self._show_page("stories.html", text, answer)

    async def show_pattern(self, request: Request) -> Response:
        """Show the pattern's page; to a plain form, with its answer."""
        text = await bodies.read_form(request, self._token) if request.method == "POST" else ""
        pattern = summaries.view_pattern(self._tagger, bodies.take_stories(text)) if text else None
        return self._show_page("pattern.html", text, pattern)

    def _show_page(self, template: str, text: str, answer: object) -> Response:
        return looks.show(
            template,
            text=text,
            answer=answer,
            token=self._token,
            settings=SETTINGS,
            about_model=self._about_model,
            **self._for_corrections(),
        )

    def _for_corrections(self) -> dict[str, object]:
        book = self._tagger.codebook
        names = {cause.id: cause.name for cause in (*book.causes, book.unexplained)}
        return {"names": names, "labels": str(self._labels or "")}

    async def answer(self, request: Request) -> Response:
        """Explain the stories of a text."""
        stories = bodies.take_stories(bodies.take_text(await bodies.read_json(request)))
        answer = views.view_answer(self._tagger, stories)
        return looks.show("answer.html", answer=answer, **self._for_corrections())

    async def answer_pattern(self, request: Request) -> Response:
        """Find what recurs in the stories of a text."""
        stories = bodies.take_stories(bodies.take_text(await bodies.read_json(request)))
        return looks.show("summary.html", answer=summaries.view_pattern(self._tagger, stories))

    async def answer_sentence(self, request: Request) -> Response:
        """Say what one sentence adds, and what would be without it."""
        parts = await bodies.read_json(request)
        story = bodies.take_story(parts)
        n_sentences = len(self._tagger.weigh_sentences(story))
        number = bodies.take_number(parts, "sentence", n_sentences)
        sentence = examine_sentence(self._tagger, story, number)
        book = self._tagger.codebook
        shown = {cause: views.name_cause(book, cause) for cause in book.ids}
        looking = {cause: views.look_of(book, cause) for cause in book.ids}
        return looks.show("sentence.html", sentence=sentence, shown=shown, looking=looking)

    async def read_attachment(self, request: Request) -> Response:
        """Give the text of a file that was dropped or chosen."""
        data = await bodies.read_body(request, SETTINGS.largest_attachment)
        name = unquote(request.headers.get("x-file-name", ""))
        return PlainTextResponse(await run_in_threadpool(read_attachment, name, data))

    async def keep(self, request: Request) -> Response:
        """Keep what the coach says of a story, in the file named at the start."""
        parts = await bodies.read_json(request)
        if self._labels is None:
            raise bodies.RefusedError("The page was started without a file for corrections")
        chosen, spans = bodies.take_labels(parts)
        row = make_correction(bodies.take_story(parts), chosen, spans, self._tagger.codebook)
        n_rows = keep_correction(row, self._labels)
        return looks.show("kept.html", n_rows=n_rows, labels=str(self._labels))
