"""`modelferry formats`."""

import typer

from modelferry.cli.session import Json, session_of
from modelferry.cli.words import table


def formats(context: typer.Context, *, as_json: Json = False) -> None:
    """List the formats that the service knows."""
    session = session_of(context)
    with session.ferry() as ferry:
        found = ferry.formats()
    rows = [(each.name, each.title, " ".join(each.suffixes)) for each in found]
    session.answer(
        found,
        as_json=as_json,
        draw=lambda out: out.print(
            table(("name", "what it is", "files"), rows, empty="No formats.")
        ),
    )
