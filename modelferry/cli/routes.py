"""`modelferry routes`."""

from typing import Annotated

import typer

from modelferry.cli.session import Json, session_of
from modelferry.cli.words import table


def routes(
    context: typer.Context,
    *,
    source: Annotated[str | None, typer.Option(help="Only those from this format.")] = None,
    target: Annotated[str | None, typer.Option(help="Only those to this format.")] = None,
    as_json: Json = False,
) -> None:
    """List which formats lead where, the best route first."""
    session = session_of(context)
    with session.ferry() as ferry:
        found = ferry.routes(source=source, target=target)
    rows = [
        (
            each.source,
            each.target,
            " → ".join(each.converters),
            "yes" if each.verified else "no",
            "yes" if each.online else "no worker",
        )
        for each in found
    ]
    session.answer(
        found,
        as_json=as_json,
        draw=lambda out: out.print(
            table(
                ("from", "to", "converters", "verified", "on line"),
                rows,
                empty="No such routes. `modelferry workers` shows who is there.",
            )
        ),
    )
