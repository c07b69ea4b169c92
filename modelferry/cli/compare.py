"""`modelferry compare`."""

from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape

from modelferry.cli.session import Json, session_of
from modelferry.cli.words import coloured, duration, on_a_line, proven, size, speed, table
from modelferry.types import ComparedView, RequestView

SUCCEEDED: Final = "succeeded"


def compare(
    context: typer.Context,
    *,
    request: Annotated[
        str, typer.Argument(metavar="REQUEST", help="The request, as `modelferry job` shows it.")
    ],
    as_json: Json = False,
) -> None:
    """Compare the jobs that were submitted together."""
    session = session_of(context)
    with session.ferry() as ferry:
        found = ferry.compare(request)
    session.answer(found, as_json=as_json, draw=lambda out: draw(out, found))


def draw(out: Console, view: RequestView) -> None:
    """A row for each job, and below it what was to be said of some."""
    rows = [_row(each, view.varied) for each in view.jobs]
    # A column that tells nothing only takes the room of the others.
    shown = [name for name in rows[0] if any(row[name] for row in rows)] if rows else []
    if len({each.target for each in view.jobs}) == 1:
        shown.remove("target")
    drawn = [[row[name] for name in shown] for row in rows]
    out.print(table(shown, drawn, empty="No jobs."))
    for each in view.jobs:
        told = each.error or each.waiting_for or each.unverified
        if told:
            out.print(f"[dim]{each.job}: {escape(told)}[/]", soft_wrap=True)


def _row(job: ComparedView, varied: tuple[str, ...]) -> dict[str, str]:
    return {
        "id": job.job,
        "target": job.target,
        **({} if "precision" in varied else {"precision": job.precision}),
        **{name: escape(_value(job.options.get(name))) for name in varied},
        "state": _state(job),
        "built on": escape(job.gpu or ""),
        "in": duration(job.build_seconds) if job.build_seconds is not None else "",
        "size": size(job.size) if job.size is not None else "",
        "error": f"{job.largest_error:.2g}" if job.largest_error is not None else "",
        "speed": escape(speed(job.measured)),
    }


def _value(option: Any) -> str:
    return "" if option is None else on_a_line(option)


def _state(job: ComparedView) -> str:
    if job.state == SUCCEEDED:
        return proven(job.proof)
    return coloured(job.state)
