"""`modelferry logs`."""

from typing import Annotated

import typer

from modelferry.cli.session import Json, session_of


def logs(
    context: typer.Context,
    *,
    id: Annotated[str, typer.Argument(metavar="ID", help="The job's id.")],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print what the steps of a job wrote."""
    session = session_of(context)
    with session.ferry() as ferry:
        lines = ferry.job(id).logs(follow=follow)
        if as_json:
            session.answer(list(lines), as_json=True, draw=lambda _: None)
            return
        for line in lines:
            typer.echo(line.text)
