"""`modelferry jobs`."""

from itertools import islice
from typing import Annotated

import typer
from rich.markup import escape

from modelferry.cli.session import Json, session_of
from modelferry.cli.words import ago, outcome, table


def jobs(
    context: typer.Context,
    *,
    state: Annotated[
        str | None,
        typer.Option(help="queued, running, succeeded, failed or cancelled."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Only those of this model's id.")] = None,
    target: Annotated[str | None, typer.Option(help="Only those to this format.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most, newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """List jobs."""
    session = session_of(context)
    with session.ferry() as ferry:
        found = list(islice(ferry.jobs(state=state, model=model, target=target), limit))
    rows = [
        (
            each.id,
            outcome(each),
            f"{each.progress:.0%}",
            escape(each.model_name),
            f"{each.source} → {each.target}",
            ago(each.created_at),
        )
        for each in found
    ]
    session.answer(
        found,
        as_json=as_json,
        draw=lambda out: out.print(
            table(
                ("id", "state", "", "model", "conversion", "submitted"),
                rows,
                empty="No such jobs. Submit one: `modelferry convert FILE --to onnx`.",
            )
        ),
    )
