"""`modelferry mapping`."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape

from modelferry.cli.places import free
from modelferry.cli.session import Json, session_of
from modelferry.cli.words import table
from modelferry.errors import Misuse, NotFound

FEW: Final = 5
SURE: Final = 1.0

Told = Mapping[str, Any]


def mapping(
    context: typer.Context,
    *,
    id: Annotated[str, typer.Argument(metavar="ID", help="The job's id.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Save it as a mapping file here, to be edited and sent again."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    as_json: Json = False,
) -> None:
    """Show which variable went where in a transplant, or save it as a mapping file.

    Of a job that failed, too: what is open in the file is to be settled there, and the file given
    to `modelferry convert --mapping`.
    """
    session = session_of(context)
    with session.ferry() as ferry:
        job = ferry.job(id)
    report, text = job.mapping, job.mapping_file
    if report is None or text is None:
        raise NotFound(f"Job {id} is {job.state} and has transplanted nothing.", job_id=id)
    path = None if output is None else _save(text, output, id, force=force)
    session.answer(
        {"mapping": report, "mapping_file": text, "path": path and str(path)},
        as_json=as_json,
        draw=lambda out: draw(out, report) if path is None else out.print(_saved(path, report)),
    )


def draw(out: Console, report: Told) -> None:
    """Every variable of both sides."""
    moved = [each for each in report["target"] if "from" in each]
    rows = [
        (
            escape(each["name"]),
            escape(", ".join(each["from"]) or "-"),
            escape(each["how"]),
            _sure(each["confidence"]),
            escape(each["because"]),
        )
        for each in moved
    ]
    out.print(table(("target", "from", "how", "sure", "because"), rows, empty="Nothing mapped."))
    for side, word in (("target", "unfilled"), ("source", "unread")):
        for each in report[side]:
            if "why" in each:
                tint = "dim" if each["meant"] else "red"
                told = f"{each['name']} {each['shape']}: {each['why']}"
                out.print(f"[{tint}]{word}, of the {side}[/]: {escape(told)}", soft_wrap=True)
    for line in _questions(report["questions"]):
        out.print(line, soft_wrap=True)
    for note in report["notes"]:
        out.print(f"[dim]{escape(note)}[/]", soft_wrap=True)
    out.print(_counted(report), soft_wrap=True)


def in_short(report: Told) -> Iterator[str]:
    """What is open, a line each, and no more than a few of a kind."""
    yield from _few(list(_questions(report["questions"])))
    for side in ("target", "source"):
        left = [each for each in report[side] if "why" in each and not each["meant"]]
        asked = {name for each in report["questions"] for name in each[f"{side}s"]}
        yield from _few(
            [
                f"[red]unmapped, of the {side}[/]:"
                f" {escape(str(each['name']))} {escape(str(each['shape']))}: {escape(each['why'])}"
                for each in left
                if each["name"] not in asked
            ]
        )


def _questions(questions: Iterable[Told]) -> Iterator[str]:
    for each in questions:
        told = f"{_named(each['targets'])} from {_named(each['sources'])}: {each['why']}"
        yield f"[yellow]which?[/] {escape(told)}"


def _few(lines: list[str]) -> list[str]:
    more = len(lines) - FEW
    return [*lines[:FEW], f"… and {more} more"] if more > 0 else lines


def _named(names: list[str]) -> str:
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more


def _sure(confidence: float) -> str:
    return f"{confidence:.2f}" if confidence == SURE else f"[yellow]{confidence:.2f}[/]"


def _counted(report: Told) -> str:
    if report["complete"]:
        return f"[green]Complete[/]: {report['mapped']} variables mapped."
    open_ones = f"{report['open']} left over, {len(report['questions'])} questions"
    return f"[red]Not complete[/]: {report['mapped']} variables mapped, {open_ones}."


def _save(text: str, output: Path, id: str, *, force: bool) -> Path:
    path = output / f"{id}.yaml" if output.is_dir() else output
    free(path, force=force)
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise Misuse(
            f"{str(path)!r} cannot be written: {error.strerror}.", field="output"
        ) from error
    return path


def _saved(path: Path, report: Told) -> str:
    todo = "" if report["complete"] else " What is open in it is marked `open`."
    return f"Saved {escape(str(path))}.{todo} Give it to `modelferry convert --mapping`."
