"""`modelferry check`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from modelferry.cli.exits import Exit
from modelferry.cli.live import watcher
from modelferry.cli.options import (
    MODEL,
    Gpu,
    Mapping,
    Precision,
    Template,
    mapping_from,
    options_from,
)
from modelferry.cli.session import Json, session_of
from modelferry.cli.words import table
from modelferry.types import Coverage


def check(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=MODEL)],
    to: Annotated[str, typer.Option("--to", help="Target format; `modelferry formats`.")],
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="An option of the conversion; may be repeated."),
    ] = None,
    template: Template = None,
    mapping: Mapping = None,
    precision: Precision = None,
    gpu: Gpu = None,
    samples: Annotated[
        Path | None, typer.Option(help="An .npz of inputs to calibrate with, by input name.")
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="What the source is, where that is ambiguous.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say which nodes of a model a target covers, before anything is built."""
    session = session_of(context)
    options = options_from(option or [], precision=precision, gpu=gpu)
    with session.ferry() as ferry, watcher(session.err, quiet=as_json) as watch:
        try:
            found = ferry.check(
                file,
                to,
                options=options,
                template=template,
                mapping=mapping_from(mapping),
                format=format,
                samples=samples,
                progress=watch.transfer,
                on_change=watch.change,
            )
        except KeyboardInterrupt:
            session.err.print("Interrupted. What was submitted goes on.", soft_wrap=True)
            raise typer.Exit(Exit.INTERRUPTED) from None
    session.answer(found, as_json=as_json, draw=lambda out: draw(out, found))
    if not found.supported:
        raise typer.Exit(Exit.NO)


def draw(out: Console, coverage: Coverage) -> None:
    """What is covered in a sentence, and each node that is not."""
    covered = f"{coverage.covered} of {coverage.nodes} nodes"
    if coverage.supported:
        told = f"[green]Covered[/]: {coverage.target} takes {covered}."
    else:
        told = f"[red]Not covered[/]: {coverage.target} takes {covered}."
    out.print(f"{told} Says {escape(coverage.by)}.", soft_wrap=True)
    if coverage.gaps:
        rows = [
            (
                escape(each.node),
                escape(each.operator + (f" ({each.version})" if each.version else "")),
                escape(each.reason),
                escape(each.hint or ""),
            )
            for each in coverage.gaps
        ]
        out.print(table(("node", "operator", "reason", "what to try"), rows, empty=""))
