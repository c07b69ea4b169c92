"""`modelferry models`."""

from itertools import islice
from typing import Annotated

import typer
from rich.markup import escape

from modelferry.cli.session import Json, session_of
from modelferry.cli.words import ago, size, table


def models(
    context: typer.Context,
    *,
    format: Annotated[str | None, typer.Option(help="Only those of this format.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most, newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """List the models that were uploaded."""
    session = session_of(context)
    with session.ferry() as ferry:
        found = list(islice(ferry.models(format=format), limit))
    rows = [
        (each.id, escape(each.name), each.format, size(each.size), ago(each.created_at))
        for each in found
    ]
    session.answer(
        found,
        as_json=as_json,
        draw=lambda out: out.print(
            table(
                ("id", "name", "format", "size", "uploaded"),
                rows,
                empty="No models yet. Convert one: `modelferry convert FILE --to onnx`.",
            )
        ),
    )
