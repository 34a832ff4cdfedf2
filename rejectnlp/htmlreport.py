"""A survey as one HTML file that needs nothing else: to read, to print, to send on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from typing import Any

from rejectnlp.codebook import UNEXPLAINED
from rejectnlp.plots import choose_largest, draw_groups, draw_over_time, draw_shares, to_svg
from rejectnlp.prevalence import Estimate, Prevalence
from rejectnlp.quotations import QUOTED
from rejectnlp.report import WHO, format_p
from rejectnlp.survey import Survey, list_cautions

_STYLE = """
:root{color-scheme:light}
body{font:16px/1.55 system-ui,sans-serif;color:#1b2430;max-width:46rem;margin:2.5rem auto;
padding:0 1.2rem}
h1{font-size:1.7rem;line-height:1.25;margin-bottom:.2rem}h2{font-size:1.2rem;margin-top:2.4rem}
.lead{color:#46536a}figure{margin:1rem 0;overflow-x:auto}svg{width:100%;min-width:34rem;height:auto}
figcaption,.note{color:#46536a;font-size:.92rem}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.3rem .5rem;border-bottom:1px solid #d9dfe7}
th:first-child,td:first-child{text-align:left}
dt{font-weight:600;margin-top:.8rem}dd{margin:.2rem 0 .2rem 1.2rem}
li{margin:.35rem 0}details{margin:.8rem 0}
.wide{overflow-x:auto}
@page{margin:16mm}
@media print{body{margin:0;padding:0;max-width:none;font-size:11pt}summary{list-style:none}
details::details-content{content-visibility:visible;display:block}
h2,h3,summary{break-after:avoid}figure,table,dd,dt{break-inside:avoid}dt{break-after:avoid}
svg{min-width:0;max-height:22cm}.wide{overflow:visible}}
"""

_COUNTED = (
    '<p class="note">Counted from the tags alone, not corrected for what the tagger misses. An '
    "account can count in several rows.</p>"
)
_MOST_LISTED = 5  # groups or months that are named as left out


def format_html(survey: Survey, title: str) -> str:
    """Lay a survey out as one self-contained page.

    Parameters
    ----------
    title
        Heading, such as the name of the file that was read.
    """
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="lead">{escape(_say_basis(survey))}</p>',
        *_section("How often each cause is told", _show_whole(survey)),
        *_section(f"By {survey.by}", _show_groups(survey)),
        *_section("Over time", _show_periods(survey)),
        *_section("Causes told together", _show_together(survey)),
        *_section("Whose move it is", _show_moves(survey)),
        *_section("In their words", _show_quotations(survey)),
        *_section("How far to trust this", _show_trust(survey)),
    ]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        # A report that is sent on fetches nothing and runs nothing.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def _section(title: str, parts: Sequence[str]) -> list[str]:
    return [f"<section><h2>{escape(title)}</h2>", *parts, "</section>"] if parts else []


def _say_basis(survey: Survey) -> str:
    read = (
        f"{survey.n_checked:,} of them were read by a person, and their answers correct the "
        "tagger's."
        if survey.n_checked
        else "None of them was read by a person."
    )
    return (
        f"{survey.n:,} accounts of job interviews that ended without an offer, tagged by "
        f"rejectnlp. {read} Written {date.today().isoformat()}."
    )


def _show_whole(survey: Survey) -> list[str]:
    largest = max(survey.whole, key=lambda e: (e.cause != UNEXPLAINED, e.share.value))
    told = "; ".join(
        f"{survey.names[e.cause]} {e.share.value:.0%} ({e.share.low:.0%} to {e.share.high:.0%})"
        for e in sorted(survey.whole, key=lambda e: -e.share.value)
    )
    figure = to_svg(draw_shares(survey.whole, survey.names), "Share of each cause", told)
    return [
        f"<figure>{figure}<figcaption>Dots are estimates, lines their 95 % intervals, upright "
        "marks the tags alone, which miss what the tagger misses. An account can tell several "
        "causes.</figcaption></figure>",
        f"<p>Told most often: <b>{escape(survey.names[largest.cause])}</b>, "
        f"{largest.share.value:.0%} of accounts ({largest.share.low:.0%} to "
        f"{largest.share.high:.0%}).</p>",
        _details("The same as a table", _table_of(survey.whole, survey)),
    ]


def _show_groups(survey: Survey) -> list[str]:
    if not survey.groups:
        return []
    own = [e for e in survey.groups.estimates if e.group]
    by = survey.by or ""
    parts = _left_out(survey.groups.left_out.items())
    if not own:
        return parts
    said = _say_differences(survey.groups, survey, "between the groups")
    figure = to_svg(draw_groups(own, survey.names, by), f"Shares by {by}", said)
    tables = "".join(
        f"<h3>{escape(group or '(empty)')}</h3>"
        + _table_of([e for e in own if e.group == group], survey)
        for group in dict.fromkeys(e.group for e in own)
    )
    return [
        f"<figure>{figure}</figure>",
        f"<p>{escape(said)}</p>",
        *parts,
        _details("The same as tables", tables),
    ]


def _show_periods(survey: Survey) -> list[str]:
    if not survey.periods:
        return []
    own = [e for e in survey.periods.estimates if e.group]
    parts = _left_out(survey.periods.left_out.items())
    if survey.undated:
        parts.append(
            f'<p class="note">{survey.undated:,} accounts without a date that can be read are '
            "left out here.</p>"
        )
    if not own:
        return parts
    periods = sorted({e.group for e in own})
    said = _say_differences(survey.periods, survey, "over time")
    text = f"The most frequent causes from {periods[0]} to {periods[-1]}. {said}"
    figure = to_svg(draw_over_time(own, survey.names), "Shares over time", text)
    caption = "The most frequent causes. Bands are 95 % intervals, period by period."
    return [
        f"<figure>{figure}<figcaption>{caption}</figcaption></figure>",
        f"<p>{escape(said)}</p>",
        *parts,
        _details("The same as a table", _table_over_time(own, survey)),
    ]


def _table_over_time(estimates: Sequence[Estimate], survey: Survey) -> str:
    shown = choose_largest(estimates)
    cells: dict[str, dict[str, str]] = {}
    for e in estimates:
        told = f"{e.share.value:.0%} ({e.share.low:.0%} to {e.share.high:.0%})"
        cells.setdefault(e.group, {})[e.cause] = told
    rows = [(period, *(own[cause] for cause in shown)) for period, own in cells.items()]
    return _table(("period", *(survey.names[cause] for cause in shown)), rows)


def _say_differences(found: Prevalence, survey: Survey, where: str) -> str:
    if not found.differences:
        return "There is nothing to compare."
    sure = [d for d in found.differences if d.corrected < 0.05]
    if not sure:
        return (
            f"No difference {where} is larger than chance explains. That does not mean that there "
            "is none: the intervals say how large one could be."
        )
    named = ", ".join(f"{survey.names[d.cause]} (p {_say_p(d.corrected)})" for d in sure)
    return (
        f"More than chance explains, these differ {where}: {named}. The p-values are "
        f"corrected for looking at {len(found.differences)} causes (Holm)."
    )


def _say_p(p: float) -> str:
    return format_p(p).replace("<", "< ") if p < 0.001 else f"= {format_p(p)}"


def _left_out(items: Iterable[tuple[str, str]]) -> list[str]:
    items = list(items)
    left_out = "; ".join(
        f"{group or '(empty)'}, {reason}" for group, reason in items[:_MOST_LISTED]
    )
    if len(items) > _MOST_LISTED:
        left_out += f"; and {len(items) - _MOST_LISTED:,} more for like reasons"
    return [f'<p class="note">Not shown: {escape(left_out)}.</p>'] if left_out else []


def _show_together(survey: Survey) -> list[str]:
    rows = [
        (f"{survey.names[a]} and {survey.names[b]}", f"{n:,}", f"{n / survey.n:.1%}")
        for a, b, n in survey.together
    ]
    return [_table(("named for one account", "accounts", "of all"), rows), _COUNTED] if rows else []


def _show_moves(survey: Survey) -> list[str]:
    rows = [
        (WHO.get(move, move).replace("your move", "the candidate's move"), f"{share:.0%}")
        for move, share in sorted(survey.moves.items(), key=lambda pair: -pair[1])
    ]
    return [_table(("with a cause that is", "accounts"), rows), _COUNTED] if rows else []


def _show_quotations(survey: Survey) -> list[str]:
    if not survey.quotations:
        return []
    rows = [
        f"<dt>{escape(survey.names[cause])}</dt>"
        + "".join(f"<dd>{escape(text)}</dd>" for text in texts)
        for cause, texts in survey.quotations.items()
    ]
    return [f"<dl>{''.join(rows)}</dl>", f'<p class="note">{escape(QUOTED)}</p>']


def _show_trust(survey: Survey) -> list[str]:
    none = next(e for e in survey.whole if e.cause == UNEXPLAINED)
    parts = [
        f"<p>No cause is told in an estimated {none.share.value:.0%} of accounts "
        f"({none.share.low:.0%} to {none.share.high:.0%}). In {survey.share_unsure:.0%} the surest "
        "tag is less likely right than wrong.</p>"
    ]
    if survey.evaluation:
        parts.append(_show_evaluation(survey.evaluation, survey))
    cautions = "".join(
        "<li>" + re.sub("`(.+?)`", r"<code>\1</code>", escape(text)) + "</li>"
        for text in list_cautions(survey)
    )
    return [
        *parts,
        f"<h3>What not to conclude</h3><ul>{cautions}</ul>",
        f'<p class="note">Made with {escape(survey.made_with)}.</p>',
    ]


def _show_evaluation(e: Any, survey: Survey) -> str:
    macro = e["macro_f1"]
    said = (
        f"On {e['n_accounts']:,} accounts that it never saw, the tagger reaches a macro-F1 of "
        f"{macro['value']:.2f} (95 % {macro['low']:.2f} to {macro['high']:.2f})."
    )
    rows = [
        (
            survey.names.get(s["cause"], s["cause"]),
            f"{s['n_accounts']:,}",
            f"{s['precision']:.2f}",
            f"{s['recall']:.2f}",
        )
        for s in e["causes"]
    ]
    table = _table(("cause", "accounts", "tags that are right", "causes found"), rows)
    return f"<p>{escape(said)}</p>" + _details("Cause by cause", table)


def _table_of(estimates: Sequence[Estimate], survey: Survey) -> str:
    rows = [
        (
            survey.names[e.cause],
            f"{e.share.value:.1%}",
            f"{e.share.low:.1%} to {e.share.high:.1%}",
            f"{e.share_of_tags:.1%}",
        )
        for e in estimates
    ]
    return _table(("cause", "share", "95 % interval", "tags alone"), rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>'


def _details(title: str, inside: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{inside}</details>"
