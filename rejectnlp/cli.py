"""The shell commands: each parses, calls one verb of the library, and shows."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from rejectnlp import __version__
from rejectnlp.errors import RejectNLPError, UsageError, suggest


class _Door(TyperGroup):
    """Turns the project's errors into their message and exit code, and closed pipes into quiet."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            known = self.list_commands(ctx)
            remedy = f"{suggest(name, known)}Commands: {', '.join(known)}."
            raise UsageError(f"no command '{name}'", remedy=remedy)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except RejectNLPError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(error.exit_code) from None
        except BrokenPipeError:
            # Whoever read our output has seen enough; keep Python from complaining at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except KeyboardInterrupt as stop:
            kept = getattr(stop, "__notes__", ["Nothing was written under the final name."])
            typer.echo(f"Interrupted. {' '.join(kept)}", err=True)
            raise typer.Exit(130) from None


# Plain help: it greps, logs and reads aloud; and no tracebacks with the values of variables.
_PLAIN: dict[str, Any] = {
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "no_args_is_help": True,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
app = typer.Typer(
    cls=_Door,
    help="Say why a job interview failed, with the words of the account that show it.\n\n"
    "For analysts, coaches and those who were turned down; not for employers to screen "
    "applicants. Nothing leaves this machine.",
    **_PLAIN,
)
data_app = typer.Typer(cls=_Door, help="Check, describe and extend the labelled dataset.", **_PLAIN)
app.add_typer(data_app, name="data")

AccountsFile = Annotated[
    str, typer.Argument(metavar="FILE", help="CSV, TSV, JSONL, Parquet or XLSX; - reads a pipe.")
]
DataFiles = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[DATA]...",
        help="The dataset's JSON Lines, or tables with a text and a label.  [default: the dataset]",
    ),
]
ModelFolder = Annotated[
    Path | None,
    typer.Option("--model", metavar="DIR", help="Model folder.  [default: the one shipped]"),
]
OutFile = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="Where to write.  [default: the screen]"),
]
TextColumn = Annotated[str | None, typer.Option(metavar="NAME", help="Column that holds the text.")]
TaggedFile = Annotated[Path, typer.Argument(metavar="TAGGED", help="What `predict` wrote.")]
CheckedFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Accounts that a person read.")
]
IdColumn = Annotated[str | None, typer.Option(metavar="NAME", help="Column that holds the ids.")]
LabelColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Column that holds the causes, several joined by ';'."),
]
CodebookFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Codebook, as `causes --json` gives it.")
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]
Redact = Annotated[
    bool,
    typer.Option(
        "--redact",
        help="Hide names, mail addresses, phone numbers, links and firms in what is shown. Not "
        "found are lower-case and rare names, places, and what only hints at somebody.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _watch(
    rows: Iterator[Any],
    share_read: Callable[[], float | None] = lambda: None,
    n_before: int = 0,
) -> Iterator[Any]:
    """Show rows, their rate and the time left on standard error, once two seconds have passed."""
    from tqdm import tqdm

    with tqdm(unit=" rows", delay=2, initial=n_before, disable=None, file=sys.stderr) as bar:
        for row in rows:
            yield row
            bar.update()
            if bar.n % 1024 == 0 and (share := share_read()):
                bar.total = max(bar.n, round(bar.n / share))


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"rejectnlp {__version__}")
        raise typer.Exit


@app.command()
def predict(
    accounts: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="CSV, TSV, JSONL, Parquet, XLSX; text also .gz; 'patterns*'; - reads a pipe.",
        ),
    ],
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE|DIR/",
            help="One file (.gz packs it), or a folder for one each.  [default: the screen]",
        ),
    ] = None,
    model: ModelFolder = None,
    text_column: TextColumn = None,
    id_column: IdColumn = None,
    keep: Annotated[
        str, typer.Option(metavar="all|NAME,NAME", help="Other columns to write along.")
    ] = "",
    workers: Annotated[
        int, typer.Option(min=1, max=256, metavar="N", help="Processes that tag side by side.")
    ] = 1,
    format: Annotated[  # noqa: A002 - the option's name
        str | None,
        typer.Option(metavar="csv|tsv|jsonl|parquet|xlsx", help="Format of the output."),
    ] = None,
    precision: Annotated[
        float | None,
        typer.Option(metavar="0.5|0.6|0.7|0.8|0.9|0.95", help="Name only what is right so often."),
    ] = None,
    redact: Redact = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first row that cannot be read.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run into --out that was interrupted.")
    ] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="local|ADDRESS", help="Tag on a Dask cluster, Parquet into --out DIR/."
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Tag every account in files with causes, probabilities and evidence."""
    from rejectnlp.inputs import Wanted
    from rejectnlp.prediction import Manner, predict_files
    from rejectnlp.scorer import load

    kept = tuple(name.strip() for name in keep.split(",") if name.strip())
    manner = Manner(Wanted(text_column, id_column, kept), format, redact, strict)
    tagger = load(model, precision=precision)
    if scheduler:
        if out is None or resume or strict or format not in (None, "parquet") or workers > 1:
            raise UsageError(
                "--scheduler needs --out DIR/, writes Parquet, and has workers of its own",
                remedy="Leave out --resume, --strict, --workers and --format.",
            )
        from rejectnlp.cluster import predict_on_cluster

        summary = predict_on_cluster(
            accounts, tagger, out, scheduler, manner, force=force, report=_say
        )
    else:
        verb: Callable[..., Any] = predict_files
        if out and (out.endswith(os.sep) or Path(out).is_dir()):
            from rejectnlp.perfile import predict_each

            verb = predict_each
        summary = verb(
            accounts,
            tagger,
            Path(out) if out else None,
            manner,
            n_workers=workers,
            force=force,
            resume=resume,
            report=_say,
            watch=_watch,
        )
    _say(
        f"{summary.n_tagged:,} accounts tagged, {summary.n_unexplained:,} of them unexplained"
        + (
            f", {summary.n_noted:,} with a note (empty, foreign, off topic, cut)"
            * bool(summary.n_noted)
        )
        + (f"; written to {out}" if out else "")
    )
    if summary.n_bad:
        _say_bad_rows(summary)
        raise typer.Exit(3)


def _say_bad_rows(summary: Any) -> None:
    where = f": see {summary.bad_rows_file}" if summary.bad_rows_file else ""
    _say(f"{summary.n_bad:,} rows could not be read and were set aside{where}")
    are_many = len({bad.file for bad in summary.bad_rows}) > 1
    for bad in summary.bad_rows:
        place = f"{bad.file}, row {bad.row}" if are_many else f"row {bad.row}"
        _say(f"  {place}: {bad.reason}")
    if summary.n_bad > len(summary.bad_rows):
        _say(f"  and {summary.n_bad - len(summary.bad_rows):,} more")


@app.command()
def explain(
    text: Annotated[
        str | None,
        typer.Argument(metavar="[TEXT|-]", help="The account; - reads a pipe; without, you paste."),
    ] = None,
    model: ModelFolder = None,
    redact: Redact = False,
    as_json: AsJson = False,
) -> None:
    """Explain one account: causes, the story with its evidence marked, next steps."""
    from rejectnlp.scorer import load

    if text is None and sys.stdin.isatty():
        from rejectnlp.pasting import read_paste

        _say("Paste or type the story. End with an empty line, or Ctrl-D.\n")
        text = read_paste()
        _say("")
    elif text is None or text == "-":
        from rejectnlp.files import read_text

        text = read_text("-")
    if not text.strip():
        raise UsageError("there is no text to explain", remedy="Give an account, or - for a pipe.")
    tagger = load(model)
    finding = tagger.explain(text)
    if redact:
        from rejectnlp.evidence import redact_finding

        finding = redact_finding(finding)
    if as_json:
        typer.echo(json.dumps(finding.to_dict(), ensure_ascii=False, indent=1))
        return
    from rejectnlp.report import format_finding

    columns = min(shutil.get_terminal_size().columns, 88)
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    typer.echo(format_finding(finding, tagger.codebook, width=columns, colour=colour))


@app.command()
def page(
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Port.  [default: a free one]")
    ] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
    model: ModelFolder = None,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="JSONL file for corrections that you ask to keep."),
    ] = None,
) -> None:
    """Open the coach's page in the browser: stories explained as you type, on this machine only."""
    from rejectnlp.page import serve
    from rejectnlp.scorer import load

    tagger = load(model)
    serve(
        tagger,
        port=port,
        open_browser=not no_open,
        labels=labels,
        shipped=load().model.about if model else None,
        say=typer.echo,
    )
    _say("The page is closed; nothing was kept." if not labels else "The page is closed.")


@app.command()
def causes(as_json: AsJson = False, model: ModelFolder = None) -> None:
    """List the causes: what they mean, what counts, whose move it is, next steps."""
    from rejectnlp.codebook import read_codebook
    from rejectnlp.report import format_codebook
    from rejectnlp.storage import load_model

    codebook = load_model(model).codebook if model else read_codebook()
    if as_json:
        typer.echo(json.dumps(codebook.to_dict(), ensure_ascii=False, indent=1))
    else:
        typer.echo(format_codebook(codebook))


@app.command()
def train(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The model folder.")],
    data: DataFiles = None,
    settings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML file of settings to change.")
    ] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    force: Force = False,
) -> None:
    """Train a model on labelled accounts: the dataset's format, or any labelled table."""
    from rejectnlp.labels import read_labelled
    from rejectnlp.report import format_card, format_training
    from rejectnlp.settings import SETTINGS, read_settings
    from rejectnlp.storage import check_free, save_model
    from rejectnlp.training import train as train_model

    check_free(out, force=force)
    chosen = read_settings(settings) if settings else SETTINGS
    rows, codebook = read_labelled(data or [], text_column, label_column, report=_say)
    model = train_model(rows, codebook, chosen, report=_say)
    save_model(model, out, format_card(model), force=force)
    typer.echo(format_training(model))
    _say(f"model written to {out}")


@app.command()
def evaluate(
    data: DataFiles = None,
    model: ModelFolder = None,
    out: OutFile = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="train|dev|test", help="Part to score.  [default: test if marked, else all]"
        ),
    ] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    record: Annotated[
        bool, typer.Option("--record", help="Keep the scores in the model's card.")
    ] = False,
    behaviour: Annotated[
        bool,
        typer.Option("--behaviour", help="Try decided cases, contrasts and harmless changes."),
    ] = False,
    force: Force = False,
) -> None:
    """Score a model on labelled accounts that it never saw, beside simple rivals."""
    if behaviour:
        if data or split or record:
            raise UsageError("--behaviour brings its own texts", remedy="Leave the others out.")
        _evaluate_behaviour(model, out, force=force)
        return
    from rejectnlp.evaluation import evaluate as evaluate_model
    from rejectnlp.evaluation import is_known
    from rejectnlp.files import check_target, write_text
    from rejectnlp.labels import read_labelled
    from rejectnlp.report import format_card, format_evaluation
    from rejectnlp.scorer import load
    from rejectnlp.storage import record_scores

    if record and not model:
        raise UsageError("--record needs --model DIR")
    if out:
        check_target(out, force=force)
    tagger = load(model)
    rows, _ = read_labelled(
        data or [], text_column, label_column, codebook=tagger.codebook, report=_say
    )
    if record and is_known(rows, split, tagger):
        raise UsageError("--record is for accounts that the model did not learn from")
    evaluation = evaluate_model(rows, tagger, split=split, report=_say)
    typer.echo(format_evaluation(evaluation))
    if out:
        text = json.dumps(evaluation.to_dict(), indent=1)
        write_text(out, text + "\n", force=force)
    if record and model:
        record_scores(model, evaluation.to_dict(), format_card)


def _evaluate_behaviour(model: Path | None, out: Path | None, *, force: bool) -> None:
    from rejectnlp.behaviour import measure_behaviour
    from rejectnlp.files import check_target, write_text
    from rejectnlp.report import format_behaviour
    from rejectnlp.scorer import load

    if out:
        check_target(out, force=force)
    found = measure_behaviour(load(model))
    typer.echo(format_behaviour(found))
    if out:
        write_text(out, json.dumps(found.to_dict(), indent=1) + "\n", force=force)


@app.command()
def sample(
    accounts: AccountsFile,
    purpose: Annotated[
        str, typer.Option("--for", metavar="prevalence|audit|training", help="What it is for.")
    ] = "prevalence",
    n: Annotated[int, typer.Option("--n", min=1, help="How many accounts.")] = 100,
    out: OutFile = None,
    model: ModelFolder = None,
    text_column: TextColumn = None,
    id_column: IdColumn = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws others.")] = 1,
    force: Force = False,
) -> None:
    """Draw the accounts worth reading, with an empty column `checked` for the answers."""
    from rejectnlp.sampling import PURPOSES, draw_sample
    from rejectnlp.scorer import load

    drawn = draw_sample(
        accounts,
        purpose,
        n,
        out,
        tagger=load(model),
        text_column=text_column,
        id_column=id_column,
        seed=seed,
        force=force,
        watch=_watch,
    )
    _say(f"{drawn.n:,} of {drawn.n_accounts:,} accounts, {PURPOSES[purpose]}")
    _say("write the causes into `checked`, separated by semicolons; `unexplained` for none")
    if out:
        _say(f"or be asked for them: rejectnlp label {out}")
    if drawn.n_bad:
        _say(f"{drawn.n_bad:,} rows could not be read and could not be drawn")


@app.command()
def prevalence(
    tagged: TaggedFile,
    checked: CheckedFile = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Kept column of groups.")] = None,
    model: ModelFolder = None,
    out: OutFile = None,
    as_json: AsJson = False,
    force: Force = False,
) -> None:
    """Estimate what share of accounts has which cause, corrected for the tagger's mistakes."""
    from dataclasses import asdict

    from rejectnlp.files import check_target, write_text
    from rejectnlp.prevalence import estimate_prevalence
    from rejectnlp.report import format_prevalence
    from rejectnlp.settings import asset_path
    from rejectnlp.storage import load_model
    from rejectnlp.tagged import read_checked, read_tagged

    if out:
        check_target(out, force=force)
    learned = load_model(model or asset_path("models", "default"))
    rows = read_tagged(tagged, [by] if by else [])
    answers = read_checked(checked, learned.codebook) if checked else None
    found = estimate_prevalence(rows, learned, answers, by)
    text = json.dumps(asdict(found), indent=1) if as_json else format_prevalence(found, by)
    if out:
        write_text(out, text + "\n", force=force)
    else:
        typer.echo(text)


@app.command()
def report(
    tagged: TaggedFile,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The report.")] = Path(
        "report.html"
    ),
    checked: CheckedFile = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Kept column of groups.")] = None,
    date: Annotated[str | None, typer.Option(metavar="NAME", help="Kept column of dates.")] = None,
    title: Annotated[str, typer.Option(metavar="TEXT", help="Heading of the report.")] = "",
    format: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(metavar="html|md|json|csv|xlsx", help="Format of the report.")
    ] = None,
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence", help="Quote typical sentences, personal data hidden as --redact can."
        ),
    ] = False,
    model: ModelFolder = None,
    force: Force = False,
) -> None:
    """Write a report of a tagged file that can be sent on: shares, groups, time, cautions."""
    from rejectnlp.settings import asset_path
    from rejectnlp.storage import load_model
    from rejectnlp.survey import make_survey
    from rejectnlp.surveyfiles import check_report, write_report
    from rejectnlp.tagged import read_checked, read_tagged

    kind = check_report(out, format, force=force)
    learned = load_model(model or asset_path("models", "default"))
    wanted = [name for name in (by, date, "evidence" if evidence else None) if name]
    rows = read_tagged(tagged, wanted)
    answers = read_checked(checked, learned.codebook) if checked else None
    survey = make_survey(rows, learned, answers, by=by, date=date)
    if evidence:
        from dataclasses import replace

        from rejectnlp.quotations import choose_quotations

        survey = replace(survey, quotations=choose_quotations(rows, by))
    write_report(survey, out, kind, title or f"Why interviews failed: {tagged.name}", force=force)
    _say(f"report on {survey.n:,} accounts written to {out}")


@app.command()
def label(
    accounts: Annotated[Path, typer.Argument(metavar="FILE", help="Table of accounts to read.")],
    labels: Annotated[
        list[Path] | None,
        typer.Option(metavar="LABELS", help="Answers.  [default: FILE.labels[-NAME].jsonl]"),
    ] = None,
    labeller: Annotated[str, typer.Option(metavar="NAME", help="Who labels.")] = "",
    terminal: Annotated[bool, typer.Option("--terminal", help="Label in this terminal.")] = False,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Show what the tagger says, after each own answer.")
    ] = False,
    model: ModelFolder = None,
    codebook: CodebookFile = None,
    export: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write the answers as a table, or .json: Label Studio."),
    ] = None,
    take_in: Annotated[
        Path | None, typer.Option("--import", metavar="JSON", help="Take in Label Studio's export.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Port.  [default: a free one]")
    ] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
    text_column: TextColumn = None,
    id_column: IdColumn = None,
    force: Force = False,
) -> None:
    """Label accounts one at a time, in the browser or in the terminal; stop and go on any time."""
    from rejectnlp.labelfiles import choose_codebook, choose_desks
    from rejectnlp.labelling import read_pile

    if export and take_in:
        raise UsageError("--export and --import are two steps", remedy="Import first.")
    book = choose_codebook(codebook, model)
    pile = read_pile(accounts, text_column, id_column)
    _say_left_out(pile)
    if take_in:
        _import_labels(take_in, accounts, pile, book, labeller, labels or [], force)
        return
    desks = choose_desks(pile, accounts, labels or [], labeller, book, many=bool(export))
    if export:
        _export_labels(export, accounts, pile, desks, id_column, force)
    else:
        _label(desks[0], model if suggest else None, suggest, terminal, port, not no_open)


def _say_left_out(pile: Any) -> None:
    for n, what in (
        (pile.n_bad, "rows could not be read and are left out"),
        (pile.n_empty, "rows without a text are left out"),
        (pile.n_answered, "rows have an answer in `checked`, which is not shown here"),
    ):
        if n:
            _say(f"{pile.source}: {n:,} {what}")


def _import_labels(
    export: Path,
    accounts: Path,
    pile: Any,
    book: Any,
    labeller: str,
    paths: list[Path],
    force: bool,
) -> None:
    from rejectnlp.labelfiles import import_answers

    if len(paths) > 1:
        raise UsageError("--import takes one --labels")
    path = paths[0] if paths else None
    desks, n_skipped = import_answers(
        export, accounts, pile, book, labeller=labeller, path=path, force=force
    )
    for desk in desks:
        _say(f"{len(desk.readings):,} answers of {desk.labeller} written to {desk.path}")
    if n_skipped:
        _say(f"{n_skipped:,} annotations were skipped there and are left out")


def _export_labels(
    out: Path, accounts: Path, pile: Any, desks: list[Any], id_column: str | None, force: bool
) -> None:
    from rejectnlp.labelfiles import export_answers
    from rejectnlp.labelstudio import describe_labelling

    done = export_answers(accounts, pile, desks, out, id_column=id_column, force=force)
    _say(f"{done.n:,} accounts written to {out}, {done.n_answered:,} of them answered")
    if done.n_unsettled:
        _say(f"{done.n_unsettled:,} left open: the labellers differ and no majority decides")
    if out.suffix == ".json":
        _say("the labelling configuration for Label Studio's settings:")
        typer.echo(describe_labelling(desks[0].codebook))


def _label(
    desk: Any, model: Path | None, suggest: bool, terminal: bool, port: int, opens: bool
) -> None:
    tagger = None
    if suggest:
        from rejectnlp.scorer import load

        tagger = load(model)
    if terminal:
        from rejectnlp.terminal import label_in_terminal

        width = min(shutil.get_terminal_size().columns, 88)
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        label_in_terminal(desk, write=typer.echo, width=width, colour=colour, tagger=tagger)
    else:
        from rejectnlp.page import serve_desk

        serve_desk(desk, tagger=tagger, port=port, open_browser=opens, say=typer.echo)
    n, n_all = desk.n_answered, len(desk.pile.accounts)
    _say(f"{n:,} of {n_all:,} accounts answered" + (f", in {desk.path}" if n else ""))


@app.command()
def agreement(
    first: Annotated[Path, typer.Argument(metavar="A", help="Answers of one reader.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Answers of another one.")],
    model: ModelFolder = None,
    codebook: CodebookFile = None,
    as_json: AsJson = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Table of differences, for a third."),
    ] = None,
    force: Force = False,
) -> None:
    """Say how far two readers agree on the causes of the same accounts, and where they differ."""
    from rejectnlp.agreement import compare_readers
    from rejectnlp.labelfiles import choose_codebook, read_answers, write_differences
    from rejectnlp.report import format_agreement

    book = choose_codebook(codebook, model)
    (one, texts), (other, more) = (read_answers(path, book) for path in (first, second))
    found = compare_readers(one, other, book)
    if out:
        write_differences(found, more | texts, out, force=force)
        _say(f"{len(found.differences):,} accounts where they differ written to {out}")
    typer.echo(json.dumps(found.to_dict(), indent=1) if as_json else format_agreement(found))


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The file.")],
    to: Annotated[str, typer.Option("--to", metavar="joblib|skops", help="Its format.")],
    model: Annotated[
        Path | None,
        typer.Argument(metavar="[MODEL]", help="Model folder.  [default: the one shipped]"),
    ] = None,
    force: Force = False,
) -> None:
    """Write a model as one file for scikit-learn, with the same probabilities."""
    from rejectnlp.export import JOBLIB_WARNING, TRUSTED, write_export
    from rejectnlp.settings import asset_path
    from rejectnlp.storage import load_model

    write_export(load_model(model or asset_path("models", "default")), out, to, force=force)
    if to == "joblib":
        _say(JOBLIB_WARNING)
    else:
        _say(f"load it with skops.io.load({str(out)!r}, trusted={list(TRUSTED)})")
    _say(f"model written to {out}; loading it needs rejectnlp installed")


@app.command()
def doctor() -> None:
    """Say whether all is well here: the model, the compiled kernel, what can be read."""
    from rejectnlp.doctor import examine

    for what, found in examine():
        typer.echo(f"{what:13} {found}")


@data_app.command()
def check(data: DataFiles = None) -> None:
    """List everything wrong with a dataset: schema, spans, labels, duplicates, splits."""
    from rejectnlp.dataset import check_rows, read_rows
    from rejectnlp.labels import default_data

    paths = data or default_data()
    rows = read_rows(paths)
    problems = check_rows(rows)
    for problem in problems:
        typer.echo(problem)
    _say(f"{len(rows):,} rows in {len(paths)} files, {len(problems):,} problems")
    if problems:
        raise typer.Exit(1)


@data_app.command()
def describe(data: DataFiles = None) -> None:
    """Describe a dataset in figures, as Markdown: what its datasheet shows."""
    from rejectnlp.dataset import read_rows
    from rejectnlp.description import describe_rows
    from rejectnlp.labels import default_data

    typer.echo(describe_rows(read_rows(data or default_data())))


@data_app.command()
def audit(
    data: DataFiles = None,
    n: Annotated[int, typer.Option("--n", min=1, help="How many labels to list.")] = 50,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
) -> None:
    """List the labels that a model of the other accounts finds least likely, as CSV."""
    from rejectnlp.audit import find_suspects
    from rejectnlp.files import open_writer
    from rejectnlp.labels import read_labelled

    rows, codebook = read_labelled(data or [], text_column, label_column, report=_say)
    columns = ("id", "cause", "labelled", "probability")
    with open_writer(None, "csv", columns=columns) as writer:
        for suspect in find_suspects(rows, codebook, n=n, report=_say):
            labelled = "yes" if suspect.is_labelled else "no"
            writer.write(
                {
                    "id": suspect.id,
                    "cause": suspect.cause,
                    "labelled": labelled,
                    "probability": suspect.probability,
                }
            )


@data_app.command()
def ingest(
    pages: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Saved text, Markdown or HTML pages.")
    ],
    out: OutFile = None,
    force: Force = False,
) -> None:
    """Cut saved articles and comment threads into passages with pointers, still to be labelled."""
    from rejectnlp.articles import read_article
    from rejectnlp.dataset import Labelled
    from rejectnlp.files import write_text

    lines: list[str] = []
    for page in pages:
        passages = read_article(page)
        n_comments = sum(p.role == "comment" for p in passages)
        _say(f"{page.name}: {len(passages) - n_comments} passages, {n_comments} comments")
        for n, p in enumerate(passages, 1):
            origin = {"type": "article", "pointer": f"{page.stem}#{p.pointer}", "venue": p.role}
            row = Labelled(f"{page.stem}-{n:03d}", p.text, (), kind="passage", origin=origin)
            lines.append(json.dumps(row.to_dict(), ensure_ascii=False))
    if out:
        write_text(out, "\n".join(lines) + "\n", force=force)
    else:
        typer.echo("\n".join(lines))


def main() -> None:
    """Run the command line; the console script's door."""
    app()
