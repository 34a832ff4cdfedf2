"""Label Studio's tasks: labels out to it, and its annotations back in.

The format is that of https://labelstud.io/guide/task_format.html; `describe_labelling`
gives the configuration that a project there needs.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from rejectnlp.accounts import Account
from rejectnlp.codebook import Codebook
from rejectnlp.dataset import GROUNDS, Span
from rejectnlp.errors import DataError, UsageError
from rejectnlp.files import read_text
from rejectnlp.readings import Reading, make_reading

UNSURE = "unsure"
"""What stands for a reader's doubt there."""

_LARGEST = 500_000_000
_HINTS = ("the employer said it", "what happened shows it", "the teller gives it as the reason")


def describe_labelling(codebook: Codebook) -> str:
    """Give the labelling configuration of a project, as XML to paste into its settings.

    Examples
    --------
    >>> print(describe_labelling(Codebook.from_ids(["late"]))[:49])
    <View>
      <Style>.htx-text { white-space: pre-wrap
    """
    causes = [(c.id, f"{c.name}. {c.definition}".strip()) for c in codebook.causes]
    none = codebook.unexplained
    choices = [*causes, (none.id, f"{none.name}. {none.definition}".strip())]
    lines = [
        "<View>",
        "  <Style>.htx-text { white-space: pre-wrap; }</Style>",
        '  <Labels name="evidence" toName="text">',
        *(f"    <Label value={quoteattr(i)} hint={quoteattr(hint)}/>" for i, hint in causes),
        "  </Labels>",
        '  <Text name="text" value="$text" granularity="word"/>',
        '  <Choices name="ground" toName="text" choice="single" perRegion="true">',
        *(
            f"    <Choice value={quoteattr(ground)} hint={quoteattr(hint)}/>"
            for ground, hint in zip(GROUNDS, _HINTS, strict=True)
        ),
        "  </Choices>",
        '  <Choices name="labels" toName="text" choice="multiple" required="true">',
        *(f"    <Choice value={quoteattr(i)} hint={quoteattr(hint)}/>" for i, hint in choices),
        "  </Choices>",
        '  <Choices name="doubt" toName="text" choice="multiple">',
        f'    <Choice value="{UNSURE}"/>',
        "  </Choices>",
        '  <TextArea name="note" toName="text" rows="1" maxSubmissions="1"/>',
        "</View>",
    ]
    return "\n".join(lines)


def make_task(account: Account, readings: Sequence[Reading] = ()) -> dict[str, Any]:
    """Make the task of an account, with an annotation for each reading.

    Examples
    --------
    >>> account = Account("1", "No news.")
    >>> task = make_task(account, [Reading("1", "No news.", ("unexplained",))])
    >>> task["annotations"][0]["result"][0]["value"]
    {'choices': ['unexplained']}
    """
    data = {"id": account.id, "text": account.text}
    return {"data": data, "annotations": [{"result": _list_results(r)} for r in readings]}


def _list_results(reading: Reading) -> list[dict[str, Any]]:
    results = [_result("labels", "choices", {"choices": list(reading.labels)})]
    for span in reading.evidence:
        place: dict[str, Any] = {"start": span.start, "end": span.end}
        place["text"] = reading.text[span.start : span.end]
        own = hashlib.sha256(f"{reading.id} {span}".encode()).hexdigest()[:10]
        results.append(_result("evidence", "labels", place | {"labels": [span.cause]}, own))
        results.append(_result("ground", "choices", place | {"choices": [span.ground]}, own))
    if reading.doubt:
        results.append(_result("doubt", "choices", {"choices": [UNSURE]}))
    if reading.note:
        results.append(_result("note", "textarea", {"text": [reading.note]}))
    return results


def _result(name: str, kind: str, value: dict[str, Any], own_id: str = "") -> dict[str, Any]:
    own = {"id": own_id} if own_id else {}
    return own | {"from_name": name, "to_name": "text", "type": kind, "value": value}


def read_tasks(path: Path, codebook: Codebook) -> tuple[dict[str, dict[str, Reading]], int]:
    """Read an export of Label Studio, its plain JSON: labeller to id to reading.

    Labellers are named by the mail address or number that the export has of them. Answers
    that were skipped there are counted and left out.

    Raises
    ------
    DataError
        If it is no such export, or annotations do not fit the codebook or their text.
    """
    found: dict[str, dict[str, Reading]] = defaultdict(dict)
    problems: list[str] = []
    n_skipped = 0
    for number, task in enumerate(_load(path), 1):
        try:
            account = Account(str(task["data"].get("id", task.get("id"))), task["data"]["text"])
            annotations = task["annotations"]
        except (KeyError, TypeError, AttributeError):
            problems.append(f"task {number}: lacks `data` with `text`, or `annotations`")
            continue
        for annotation in annotations:
            if annotation.get("was_cancelled"):
                n_skipped += 1
                continue
            who = _name_labeller(annotation.get("completed_by"))
            try:
                found[who][account.id] = _read_results(account, annotation["result"], codebook)
            except (DataError, KeyError, TypeError, ValueError, AttributeError) as error:
                problem = error.problem if isinstance(error, DataError) else "cannot be read"
                problems.append(f"task {number}: {problem}")
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems[:20])
        remedy = f"\n{listed}\n`rejectnlp label FILE --export OUT.json` shows what it should be."
        raise DataError(
            f"{len(problems):,} annotations are at fault:", place=str(path), remedy=remedy
        )
    return dict(found), n_skipped


def _load(path: Path) -> Iterable[Mapping[str, Any]]:
    try:
        tasks = json.loads(read_text(path, largest=_LARGEST))
    except (ValueError, RecursionError) as error:
        raise DataError("is not JSON", place=str(path)) from error
    if not isinstance(tasks, list) or not tasks:
        raise UsageError(
            "is not a list of tasks", place=str(path), remedy="Export it from there as JSON."
        )
    return tasks


def _name_labeller(completed_by: object) -> str:
    if isinstance(completed_by, Mapping):
        completed_by = completed_by.get("email") or completed_by.get("id")
    name = str(completed_by or "").split("@", 1)[0]
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in name) or "labelstudio"


def _read_results(
    account: Account, results: Sequence[Mapping[str, Any]], codebook: Codebook
) -> Reading:
    values: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    grounds: dict[str, str] = {}
    for result in results:
        values[result["from_name"]].append(result)
        if result["from_name"] == "ground":
            grounds[result["id"]] = result["value"]["choices"][0]
    spans = []
    for result in values["evidence"]:
        start, end = _find_words(account.text, result["value"])
        ground = grounds.get(result.get("id", ""), "shown")
        spans += [Span(str(c), start, end, ground) for c in result["value"]["labels"]]
    chosen = [str(c) for r in values["labels"] for c in r["value"]["choices"]]
    # Who marks words for a cause there may forget to tick it: the marks say it as well.
    labels = [*chosen, *(span.cause for span in spans)]
    notes = [str(line) for r in values["note"] for line in r["value"]["text"]]
    doubt = bool(values["doubt"])
    return make_reading(account, labels, spans, codebook, doubt=doubt, note=" ".join(notes))


def _find_words(text: str, value: Mapping[str, Any]) -> tuple[int, int]:
    """Find marked words by the places given, counted as Python or as JavaScript counts."""
    start, end = int(value["start"]), int(value["end"])
    words = str(value.get("text") or text[start:end])
    if text[start:end] == words:
        return start, end
    # Older versions count as JavaScript does: an emoji is two.
    units = text.encode("utf-16-le")
    before = len(units[: 2 * start].decode("utf-16-le", "ignore"))
    if text[before : before + len(words)] == words:
        return before, before + len(words)
    raise DataError("the marked words do not stand at the place given")
