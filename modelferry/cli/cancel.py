"""`modelferry cancel`."""

from typing import Annotated

import typer

from modelferry.cli.session import Json, session_of


def cancel(
    context: typer.Context,
    *,
    id: Annotated[str, typer.Argument(metavar="ID", help="The job's id.")],
    as_json: Json = False,
) -> None:
    """Stop a job; what it runs just now is ended within seconds."""
    session = session_of(context)
    with session.ferry() as ferry:
        view = ferry.job(id).cancel()
    done = "is cancelled" if view.ended else "is being cancelled"
    session.answer(
        view, as_json=as_json, draw=lambda out: out.print(f"Job {id} {done}.", soft_wrap=True)
    )
