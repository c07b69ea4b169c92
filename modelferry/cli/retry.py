"""`modelferry retry`."""

from typing import Annotated

import typer

from modelferry.cli.session import Json, session_of


def retry(
    context: typer.Context,
    *,
    id: Annotated[str, typer.Argument(metavar="ID", help="The job's id.")],
    as_json: Json = False,
) -> None:
    """Run a job that failed or was cancelled again."""
    session = session_of(context)
    with session.ferry() as ferry:
        view = ferry.job(id).retry()
    session.answer(
        view,
        as_json=as_json,
        draw=lambda out: out.print(
            f"Job {id} runs again, round {view.round}. See it with `modelferry job {id}`.",
            soft_wrap=True,
        ),
    )
