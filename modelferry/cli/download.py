"""`modelferry download`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from modelferry.cli.live import watcher
from modelferry.cli.places import Wanted
from modelferry.cli.session import Json, session_of
from modelferry.cli.words import outcome, size
from modelferry.errors import NotFound


def download(
    context: typer.Context,
    *,
    id: Annotated[str, typer.Argument(metavar="ID", help="The job's id.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File or folder for the result.")
    ] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    as_json: Json = False,
) -> None:
    """Download the result of a job."""
    session = session_of(context)
    with session.ferry() as ferry:
        job = ferry.job(id)
        found = job.view.output
        if found is None:
            raise NotFound(f"Job {id} is {job.state} and has no result to download.", job_id=id)
        target = Wanted(output, output, force).target(found)
        with watcher(session.err, quiet=as_json) as watch:
            path = job.download(target, progress=watch.transfer)
    session.answer(
        {"path": str(path), "output": found, "verified": job.verified},
        as_json=as_json,
        draw=lambda out: out.print(
            f"Saved {escape(str(path))} ({size(found.size)}), {outcome(job.view)}.",
            soft_wrap=True,
        ),
    )
