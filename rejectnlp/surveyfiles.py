"""A survey into a file: HTML, Markdown, JSON, CSV or XLSX."""

from __future__ import annotations

import json
from pathlib import Path

from rejectnlp.errors import UsageError, suggest
from rejectnlp.files import check_target, open_writer, write_text
from rejectnlp.prevalence import Prevalence
from rejectnlp.quotations import QUOTED
from rejectnlp.report import format_prevalence
from rejectnlp.survey import Survey, list_cautions, rows_of

FORMATS = ("html", "md", "json", "csv", "xlsx")
"""Formats of a report."""


def check_report(out: Path, wanted: str | None, *, force: bool = False) -> str:
    """Choose the format of a report and check its place, before any work is done for it.

    Raises
    ------
    UsageError, OutputError
        If there is no such format, the library that draws is missing, or the place is taken.
    """
    kind = wanted or out.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        remedy = f"{suggest(kind, FORMATS)}Known are {', '.join(FORMATS)}."
        raise UsageError(f"no report in the format '{kind}'", remedy=remedy)
    if kind == "html":
        try:
            import matplotlib  # noqa: F401 - only to see whether it is there
        except ImportError as error:
            raise UsageError(
                "an HTML report needs matplotlib",
                remedy="pip install 'rejectnlp[report]', or write --format md.",
            ) from error
    check_target(out, force)
    return kind


def write_report(survey: Survey, out: Path, kind: str, title: str, *, force: bool = False) -> None:
    """Write a survey, whole or not at all."""
    if kind in ("csv", "xlsx"):
        rows = rows_of(survey)
        with open_writer(out, kind, columns=list(rows[0]), force=force) as writer:
            for row in rows:
                writer.write(row)
        return
    if kind == "html":
        from rejectnlp.htmlreport import format_html

        text = format_html(survey, title)
    elif kind == "md":
        text = format_markdown(survey, title)
    else:
        told = {"title": title, "shares": rows_of(survey), **_list_more(survey)}
        quoted = {"quotations": survey.quotations} if survey.quotations else {}
        text = json.dumps({**told, **quoted}, indent=1, ensure_ascii=False) + "\n"
    write_text(out, text, force=force)


def _list_more(survey: Survey) -> dict[str, object]:
    parts = {survey.by: survey.groups, survey.date: survey.periods}
    found = {name: part for name, part in parts.items() if part}
    return {
        "differences": [
            {"part": name, "cause": d.cause, "p_value": d.p_value, "corrected": d.corrected}
            for name, part in found.items()
            for d in part.differences
        ],
        "not_shown": {name: dict(part.left_out) for name, part in found.items()},
        "named_together": [{"causes": [a, b], "accounts": n} for a, b, n in survey.together],
        "whose_move": dict(survey.moves),
        "unsure": survey.share_unsure,
        "made_with": survey.made_with,
        "cautions": list_cautions(survey),
    }


def format_markdown(survey: Survey, title: str) -> str:
    """Lay a survey out as Markdown: to paste into a mail or a wiki."""
    whole = survey.groups or Prevalence(survey.whole, (), {})
    parts = [f"# {title}", "", "```", format_prevalence(whole, survey.by), "```", ""]
    if survey.periods:
        told = format_prevalence(survey.periods, survey.date)
        parts += ["## Over time", "", "```", told, "```", ""]
    if survey.quotations:
        parts += ["## In their words", ""]
        for cause, texts in survey.quotations.items():
            parts += [f"**{survey.names[cause]}**", "", *(f"> {text}\n" for text in texts)]
        parts += [QUOTED, ""]
    parts += ["## What not to conclude", ""]
    parts += [f"- {text}" for text in list_cautions(survey)]
    parts += ["", f"Made with {survey.made_with}."]
    return "\n".join(parts) + "\n"
