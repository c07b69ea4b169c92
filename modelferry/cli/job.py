"""`modelferry job`."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from modelferry.cli.check import draw as covered
from modelferry.cli.engines import engine_lines
from modelferry.cli.session import Json, session_of
from modelferry.cli.words import (
    ago,
    coloured,
    current_steps,
    on_a_line,
    outcome,
    place,
    size,
    step_time,
    table,
    waiting,
)
from modelferry.cli.words import verdict as said
from modelferry.types import JobView, StepView


def job(
    context: typer.Context,
    *,
    id: Annotated[str, typer.Argument(metavar="ID", help="The job's id.")],
    as_json: Json = False,
) -> None:
    """Show a job: its steps, its proof, its result."""
    session = session_of(context)
    with session.ferry() as ferry:
        view = ferry.job(id).view
    session.answer(view, as_json=as_json, draw=lambda out: draw(out, view))


def draw(out: Console, view: JobView) -> None:
    """What there is to know about a job, on a page."""
    title = f"{escape(view.model_name)}: {view.source} → {view.target}"
    out.print(f"[bold]{title}[/] · {outcome(view)} · submitted {ago(view.created_at)}")
    out.print(f"[dim]request {view.request}[/]")
    if view.options:
        told = ", ".join(f"{name}={on_a_line(value)}" for name, value in view.options.items())
        out.print(f"options: {escape(told)}")
    if view.waiting_for:
        out.print(f"[yellow]{escape(waiting(view.waiting_for))}[/]", soft_wrap=True)
    rows = [
        (escape(step.title), coloured(step.state), _tries(step), step_time(step), _note(step))
        for step in current_steps(view)
    ]
    out.print(table(("step", "state", "attempts", "time", ""), rows, empty="No steps yet."))
    for told in engine_lines(view):
        out.print(escape(told), soft_wrap=True)
    if view.report.coverage is not None:
        covered(out, view.report.coverage)
    for each in view.report.declined:
        told = ": ".join(escape(text) for text in each.values())
        out.print(f"[dim]left out {told}[/]", soft_wrap=True)
    if view.state == "succeeded" and view.purpose == "convert":
        out.print(said(view), soft_wrap=True)
    elif view.error is not None:
        out.print(f"[red]{escape(view.error.detail)}[/] ({view.error.code})", soft_wrap=True)
    if view.report.located is not None:
        out.print(f"leaves its source at {escape(place(view.report.located))}", soft_wrap=True)
    if view.output is not None:
        out.print(
            f"result: {escape(view.output.filename)}, {size(view.output.size)};"
            f" take it with `modelferry download {view.id}`.",
            soft_wrap=True,
        )


def _tries(step: StepView) -> str:
    return str(step.attempt) if step.attempt else ""


def _note(step: StepView) -> str:
    if step.fault is not None:
        return escape(step.fault.detail)
    if step.state == "running" and step.progress is not None:
        return f"{step.progress:.0%} {escape(step.message or '')}"
    gpu = step.attempts[-1].gpu if step.attempts else None
    return escape(f"on {gpu.name}") if gpu is not None else ""
