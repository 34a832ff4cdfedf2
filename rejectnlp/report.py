"""Findings and evaluations as text for people: to read on a terminal, to paste into a mail."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rejectnlp.codebook import UNEXPLAINED, Codebook
from rejectnlp.decisions import SURELY_REPORTED, word_certainty
from rejectnlp.evidence import NOTES, Finding, mark_evidence
from rejectnlp.settings import SETTINGS

if TYPE_CHECKING:  # Explaining one account must not wait for scikit-learn to load.
    from rejectnlp.agreement import Agreement
    from rejectnlp.behaviour import Behaviour
    from rejectnlp.evaluation import Evaluation, Interval
    from rejectnlp.prevalence import Prevalence
    from rejectnlp.storage import Model

WHO = {
    "candidate": "your move",
    "employer": "the employer's move",
    "both": "a move for both sides",
    "": "",
}


def format_finding(
    finding: Finding, codebook: Codebook, *, width: int = 80, colour: bool = False
) -> str:
    """Lay out one account: its causes, the story with evidence marked, and next steps.

    Parameters
    ----------
    width
        Columns of the terminal.
    colour
        Whether to mark the evidence by ANSI escapes as well as by brackets.
    """
    letters = {cause: chr(ord("A") + i) for i, cause in enumerate(finding.causes)}
    parts = [NOTES[finding.note], ""] if finding.note else []
    parts += ["WHY", *_list_causes(finding, codebook, letters), ""]
    parts += ["THE STORY", *_mark_story(finding, letters, width, colour), ""]
    parts += ["NEXT STEPS", *_list_steps(finding, codebook, width)]
    return "\n".join(parts)


def _list_causes(finding: Finding, codebook: Codebook, letters: dict[str, str]) -> list[str]:
    if finding.causes == (UNEXPLAINED,):
        if not any(finding.probabilities.values()):
            return ["  This text does not say why."]
        near = max(finding.probabilities, key=lambda c: finding.probabilities[c])
        return [
            "  This story does not say why.",
            f"  Nearest: {codebook[near].name}, {finding.probabilities[near]:.0%}, "
            "too little to name it.",
        ]
    lines = []
    for cause in finding.causes:
        p = finding.probabilities[cause]
        who = WHO.get(codebook[cause].whose_move, "")
        lines.append(
            f"  {letters[cause]}  {codebook[cause].name:22} {word_certainty(p):8} {p:4.0%}   {who}"
        )
        if cause == "discrimination":
            reports = (
                "the account reports it"
                if p >= SURELY_REPORTED
                else "possible: please read the words"
            )
            lines.append(f"     ({reports}; this is not a legal finding)")
    return lines


def _mark_story(finding: Finding, letters: dict[str, str], width: int, colour: bool) -> list[str]:
    on, off = ("\x1b[1;4m", "\x1b[0m") if colour else ("", "")
    story = "".join(
        f"[{on}{printable(text)}{off}]{''.join(letters[c] for c in causes)}"
        if causes
        else printable(text)
        for text, causes in mark_evidence(finding.text, finding.evidence)
    )
    lines: list[str] = []
    for paragraph in story[: 2 * SETTINGS.longest_text].split("\n") or [""]:
        lines += textwrap.wrap(paragraph, width, initial_indent="  ", subsequent_indent="  ") or [
            ""
        ]
    return lines


def _list_steps(finding: Finding, codebook: Codebook, width: int) -> list[str]:
    """List the steps of the likeliest cause, and the first two of each other one."""
    lines: list[str] = []
    for cause in finding.causes:
        if len(finding.causes) > 1:
            lines.append(f"  {codebook[cause].name}")
        steps = codebook[cause].next_steps
        for step in steps if cause == finding.causes[0] else steps[:2]:
            lines += textwrap.wrap(step, width, initial_indent="  - ", subsequent_indent="    ")
    return lines or ["  (this model's causes come without advice)"]


def printable(text: str) -> str:
    r"""Take out what would steer a terminal: escapes, control and direction characters.

    Examples
    --------
    >>> printable("no\x1b[31m red\u202e\n")
    'no[31m red\n'
    """
    text = re.sub(r"[^\S\n]", " ", text)
    return "".join(
        ch for ch in text if ch in "\n\u200d" or unicodedata.category(ch) not in ("Cc", "Cf", "Cs")
    )


def format_codebook(codebook: Codebook, width: int = 80) -> str:
    """Lay out the causes: what they mean, what counts, whose move it is, next steps."""
    lines = [f"Codebook {codebook.version}", ""]
    for cause in (*codebook.causes, codebook.unexplained):
        core = ", core cause" if cause.is_core else ""
        who = f" ({cause.whose_move}{core})" if cause.whose_move not in ("", "nobody") else ""
        lines.append(f"{cause.id}{who}")
        for title, items in (
            ("", [cause.definition] if cause.definition else []),
            ("counts: ", ["; ".join(cause.counts)] if cause.counts else []),
            ("does not count: ", ["; ".join(cause.does_not_count)] if cause.does_not_count else []),
            ("- ", list(cause.next_steps)),
        ):
            for item in items:
                lines += textwrap.wrap(
                    title + item, width, initial_indent="  ", subsequent_indent="    "
                )
        lines.append("")
    return "\n".join(lines).rstrip()


def format_training(model: Model) -> str:
    """Lay out what a training reached on its own accounts, out of fold."""
    fit = model.about["out_of_fold"]
    lines = [
        f"out of fold, on the {fit['n_accounts']:,} training accounts (cut-offs chosen on them):",
        f"macro-F1 over {fit['n_causes']} causes with {SETTINGS.fewest_positives} accounts or more"
        f"   {fit['macro_f1']:.3f}",
        f"  always the most frequent cause    {fit['majority_macro_f1']:.3f}",
        f"mean calibration error              {fit['mean_calibration_error']:.3f}",
    ]
    return "\n".join(lines)


def format_card(model: Model) -> str:
    """Write the model's card: what it is, what it learned from, how good it is, for whom."""
    about = model.about
    data, fit, codebook = about["data"], about["out_of_fold"], model.codebook
    counts = ", ".join(
        f"{n:,} {key.removeprefix('n_').replace('_', ' ')}"
        for key, n in data.items()
        if key.startswith("n_") and isinstance(n, int)
    )
    is_own = codebook.is_own
    lines = [
        "# Model card",
        "",
        f"Reads {'a text' if is_own else 'an account of a failed job interview'} and gives, for "
        f"each of {len(codebook.ids)} causes, a calibrated probability and the sentences that "
        "show it. TF-IDF of words and characters, one logistic regression a cause.",
        "",
        "Trained on labels of one's own. **Not for decisions about a person.**"
        if is_own
        else "**For** those who were turned down, their coaches, and analysts of such accounts. "
        "**Not for employers to screen applicants**, and not for decisions about a person. "
        "A cause is what the account gives grounds for, not what happened: "
        "`discrimination` means that the account reports it, never a finding.",
        "",
        f"- learned from: {counts} (fingerprint `{data['sha256'][:16]}`)",
        f"- codebook: {about['codebook_version']}; causes: {', '.join(codebook.ids)}",
        f"- out of fold on {fit['n_accounts']:,} training accounts: macro-F1 "
        f"{fit['macro_f1']:.3f} over {fit['n_causes']} causes (always the most frequent cause: "
        f"{fit['majority_macro_f1']:.3f}); mean calibration error "
        f"{fit['mean_calibration_error']:.3f}. Cut-offs were chosen on these same accounts.",
        f"- made with rejectnlp {about['release']}, "
        + ", ".join(f"{name} {v}" for name, v in about["libraries"].items()),
        "- limits: English; misses causes told in words it has not met. A cause is named from its "
        "cut-off on, chosen for the best F1, which can be low: read the probability and the "
        "evidence beside the name.",
        "- the folder is plain arrays and JSON; no n-gram that stands in one text only is kept.",
    ]
    if "evaluation" in about:
        lines += ["", "## Evaluation on the held-out part", "", *_card_table(about["evaluation"])]
    return "\n".join(lines) + "\n"


def _card_table(e: Mapping[str, Any]) -> list[str]:
    rivals = "; ".join(f"{name} {value:.3f}" for name, value in e["baselines"].items())
    macro = e["macro_f1"]
    lines = [
        f"{e['n_accounts']:,} accounts in {e['n_groups']:,} groups of pages and authors. "
        f"Macro-F1 over {len(e['counted'])} causes **{macro['value']:.3f}** "
        f"(95 % {macro['low']:.3f} to {macro['high']:.3f}; rivals: {rivals}); mean calibration "
        f"error {e['mean_calibration_error']:.3f}.",
        "",
        "| cause | accounts | precision | recall | F1 | calibration error |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {s['cause']} | {s['n_accounts']} | {s['precision']:.2f} | {s['recall']:.2f} "
        f"| {s['f1']:.2f} | {s['calibration_error']:.3f} |"
        for s in (*e["causes"], e["unexplained"])
    ]
    if e["operating_points"]:
        lines += [
            "",
            "With `--precision` causes are named only where so many tags are right:",
            "",
            "| promised | tags | right | of all causes | accounts with a tag |",
            "| ---: | ---: | ---: | ---: | ---: |",
        ]
        lines += [
            f"| {o['promised']:.2f} | {o['n_named']:,} | "
            f"{format(o['precision'], '.2f') if o['n_named'] else '-'} | {o['recall']:.2f} | "
            f"{o['share_of_accounts']:.0%} |"
            for o in e["operating_points"]
        ]
    if e["evidence_hits"] is not None:
        lines += [
            "",
            f"The first sentence shown for a right tag overlaps the words a reader marked in "
            f"{e['evidence_hits']:.0%} of {e['n_evidence']:,} cases.",
        ]
    return lines


def format_evaluation(e: Evaluation) -> str:
    """Lay an evaluation out as text that can be pasted into a mail."""
    lines = [
        f"{e.n_accounts:,} accounts in {e.n_groups:,} groups of pages and authors",
        "",
        f"{'cause':22} {'accounts':>8} {'precision':>9} {'recall':>7} {'F1':>6} {'calib.err':>9}",
    ]
    for s in (*e.causes, e.unexplained):
        few = " *" if s.cause not in (*e.counted, "unexplained") else ""
        lines.append(
            f"{s.cause:22} {s.n_accounts:8,} {s.precision:9.2f} {s.recall:7.2f} {s.f1:6.2f} "
            f"{s.calibration_error:9.3f}{few}"
        )
    lines.append("")
    if len(e.counted) < len(e.causes):
        lines.append(f"* fewer than {SETTINGS.fewest_positives} accounts: not in the averages")
    lines.append(f"macro-F1 over {len(e.counted)} causes   {_interval(e.macro_f1)}")
    lines += [f"  {name:25} {value:.3f}" for name, value in e.baselines.items()]
    if e.core_f1:
        lines.append(f"macro-F1, core causes      {_interval(e.core_f1)}")
    lines.append(f"micro-F1                   {_interval(e.micro_f1)}")
    lines.append(f"mean calibration error     {e.mean_calibration_error:.3f}")
    if e.operating_points:
        lines += ["", "asking for fewer and surer tags (--precision)"]
        lines.append(" promised   tags  right  of all causes  accounts")
        for o in e.operating_points:
            right = f"{o.precision:.2f}" if o.n_named else "-"
            lines.append(
                f"{o.promised:9.2f} {o.n_named:6,} {right:>6} {o.recall:14.2f} "
                f"{o.share_of_accounts:9.0%}"
            )
        lines.append("")
    if e.evidence_hits is not None:
        lines.append(
            f"evidence: first sentence shown overlaps the marked words in "
            f"{e.evidence_hits:.0%} of {e.n_evidence:,} right tags"
        )
    if e.hard_cases:
        lines.append(f"hard cases of the codebook: {e.hard_cases[0]} of {e.hard_cases[1]} right")
    return "\n".join(lines)


def format_behaviour(found: Behaviour) -> str:
    """Lay out how a model behaves on decided cases, contrasts and harmless changes."""
    n, failed = found.n_hard_cases, found.failed_cases
    lines = [f"hard cases of the codebook: {n - len(failed)} of {n} right"]
    lines += textwrap.wrap(
        "wrong: " + ", ".join(failed), 80, initial_indent="  ", subsequent_indent="  "
    )
    for title, contrasts in (("contrast pairs", found.contrasts), ("", found.ways)):
        lines += [
            "",
            f"{title:22} {'pairs':>6} {'named where it is':>18} {'not where not':>14} {'both':>6}",
        ]
        lines += [
            f"{c.name.replace('_', ' ') if not title else c.name:22} {c.n:6} "
            f"{c.n_present / c.n:18.0%} {c.n_absent / c.n:14.0%} {c.n_both / c.n:6.0%}"
            for c in contrasts
        ]
    lines.append(f"{'all':22} {sum(c.n for c in found.contrasts):6} {found.share_of_pairs:40.0%}")
    lines += ["", f"{'changes':30} {'texts':>6} {'causes changed':>15}"]
    lines += [f"{i.name:30} {i.n:6} {i.n_flipped / i.n:15.1%}" for i in found.invariances if i.n]
    lines.append(f"{'all':30} {sum(i.n for i in found.invariances):6} {found.share_flipped:15.1%}")
    return "\n".join(lines)


def format_prevalence(found: Prevalence, by: str | None = None) -> str:
    """Lay out the shares of causes with their intervals, and what they rest on."""
    whole = [e for e in found.estimates if not e.group]
    n, n_checked = whole[0].share.n, whole[0].share.n_checked
    basis = (
        f"Of {n:,} accounts, {n_checked:,} were read by a person; their answers correct the tagger."
        if n_checked
        else f"{n:,} accounts, none read by a person: the shares rest on the data that the model "
        "learned from.\nRead a hundred to be sure: rejectnlp sample FILE --for prevalence."
    )
    lines = [basis, ""]
    groups = list(dict.fromkeys(e.group for e in found.estimates))
    for group in groups:
        own = [e for e in found.estimates if e.group == group]
        if group:
            lines += ["", f"{by}: {printable(group)} ({own[0].share.n:,} accounts)"]
        lines.append(f"{'cause':22} {'share':>7}  {'95 % interval':17} {'tags alone':>10}")
        lines += [
            f"{e.cause:22} {e.share.value:7.1%}  {e.share.low:6.1%} to {e.share.high:6.1%} "
            f"{e.share_of_tags:10.1%}"
            for e in own
        ]
    if found.differences:
        lines += ["", "differences between the groups (p-values corrected for many, Holm)"]
        lines += [f"{d.cause:22} {format_p(d.corrected):>7}" for d in found.differences]
    for group, reason in found.left_out.items():
        lines += ["", f"not shown: {printable(group) or '(empty)'}: {reason}"]
    return "\n".join(lines)


def format_p(p: float) -> str:
    """Write a p-value, none as zero.

    Examples
    --------
    >>> format_p(0.0213), format_p(0.00001)
    ('0.021', '<0.001')
    """
    return f"{p:.3f}" if p >= 0.001 else "<0.001"


def format_agreement(found: Agreement) -> str:
    """Lay out how far two readers agree, and the accounts where they differ."""
    lines = [
        f"{found.n:,} accounts read by both; the same causes in {found.n_same:,} "
        f"({found.n_same / found.n:.0%})",
        f"Krippendorff's alpha (MASI distance) {found.alpha:.3f} "
        f"(95 % {found.low:.3f} to {found.high:.3f}); macro-F1 {found.macro_f1:.3f}",
        "",
        f"{'cause':22} {'both':>6} {'only A':>7} {'only B':>7} {'F1':>6} {'alpha':>6}",
    ]
    for c in found.causes:
        alpha = "-" if c.alpha is None else f"{c.alpha:.2f}"
        f1 = f"{c.f1:.2f}" if c.both or c.only_first or c.only_second else "-"
        lines.append(
            f"{c.cause:22} {c.both:6,} {c.only_first:7,} {c.only_second:7,} {f1:>6} {alpha:>6}"
        )
    if found.differences:
        lines += ["", "where they differ"]
        lines += [
            f"{printable(own)}: A {', '.join(a)}; B {', '.join(b)}"
            for own, a, b in found.differences
        ]
    return "\n".join(lines)


def _interval(figure: Interval) -> str:
    return f"{figure.value:.3f}  (95 % {figure.low:.3f} to {figure.high:.3f})"
