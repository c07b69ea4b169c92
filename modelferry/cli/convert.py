"""`modelferry convert`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from modelferry.cli.exits import Exit
from modelferry.cli.live import Watcher, watcher
from modelferry.cli.session import Json, Session, session_of
from modelferry.cli.words import size, verdict
from modelferry.client import Modelferry
from modelferry.errors import NotVerified, TargetExists
from modelferry.job import Job
from modelferry.types import JobView, ModelView


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where the result goes."""

    output: Path | None
    beside: Path
    force: bool

    def target(self, filename: str) -> Path:
        """Where a result of that name goes.

        Raises:
            TargetExists: something is there already, and may not be replaced.
        """
        path = self.output or self.beside
        if path.is_dir():
            path = path / filename
        return free(path, force=self.force)


def convert(
    context: typer.Context,
    *,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The model: a file, or a SavedModel's folder.")
    ],
    to: Annotated[str, typer.Option("--to", help="Target format; `modelferry formats`.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File or folder for the result; beside the source if not given."
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="An option of the conversion; may be repeated."),
    ] = None,
    opset: Annotated[int | None, typer.Option(help="ONNX operator set to write.")] = None,
    simplify: Annotated[
        bool, typer.Option("--simplify", help="Simplify the ONNX graph afterwards.")
    ] = False,
    samples: Annotated[
        Path | None, typer.Option(help="An .npz of inputs to verify with, by input name.")
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="What the source is, where that is ambiguous.")
    ] = None,
    priority: Annotated[int | None, typer.Option(help="Higher goes first.")] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Submit, print the job's id, and do not wait.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    require_verified: Annotated[
        bool, typer.Option("--require-verified", help="Exit with 5 if nothing could verify it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Convert a model, see it verified, and download the result.

    Ctrl-C ends the waiting, not the job.
    """
    session = session_of(context)
    wanted = Wanted(output, file.resolve().parent, force)
    if output is not None and not output.is_dir() and not detach:
        free(output, force=force)  # known now, so said before anything is sent
    options = options_from(option or [], opset=opset, simplify=simplify)
    with session.ferry() as ferry:
        with watcher(session.err, quiet=as_json) as watch:
            model = _uploaded(session, ferry, file, format, watch)
            job = ferry.submit(model, to, options=options, samples=samples, priority=priority)
            path = None if detach else finish(session, job, wanted, watch)
        if detach:
            session.answer(job.view, as_json=as_json, draw=lambda out: _submitted(out, job))
            return
    session.answer(
        {"job": job.view, "verified": job.verified, "path": path and str(path)},
        as_json=as_json,
        draw=lambda out: out.print(_told(job.view, path), soft_wrap=True),
    )
    if require_verified and not job.verified:
        raise NotVerified(
            f"Job {job.id} converted the model, but nothing here can run the result to verify"
            " it. Leave --require-verified out to accept that.",
            job_id=job.id,
        )


def finish(session: Session, job: Job, wanted: Wanted, watch: Watcher) -> Path | None:
    """Wait for a job and download its result; where that lies, if there is one.

    Raises:
        ModelferryError: as `Job.wait` and `Job.download`.
    """
    try:
        for view in job.watch():
            watch.change(view)
        output = job.succeeded().output
        if output is None:
            return None
        return job.download(_kept(wanted, job, output.filename), progress=watch.transfer)
    except KeyboardInterrupt:
        after = "has ended" if job.view.ended else "goes on"
        session.err.print(
            f"Interrupted. Job {job.id} {after}: see it with `modelferry job {job.id}`, end it"
            f" with `modelferry cancel {job.id}`, take its result with"
            f" `modelferry download {job.id}`.",
            soft_wrap=True,
        )
        raise typer.Exit(Exit.INTERRUPTED) from None


def _uploaded(
    session: Session, ferry: Modelferry, file: Path, format: str | None, watch: Watcher
) -> ModelView:
    try:
        return ferry.upload(file, format=format, progress=watch.transfer)
    except KeyboardInterrupt:
        session.err.print(
            "Interrupted before a job was submitted. The same command goes on where it stopped.",
            soft_wrap=True,
        )
        raise typer.Exit(Exit.INTERRUPTED) from None


def free(path: Path, *, force: bool) -> Path:
    """The path, if it may be written to.

    Raises:
        TargetExists: it is there already, and `force` is not given.
    """
    if path.exists() and not force:
        raise TargetExists(
            f"{str(path)!r} exists. Give another -o, or --force to replace it.", field="output"
        )
    return path


def options_from(pairs: list[str], *, opset: int | None, simplify: bool) -> dict[str, Any]:
    """NAME=VALUE pairs as the service takes them; a value that is JSON is read as JSON."""
    options: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE.", param_hint="--option")
        try:
            options[name] = json.loads(text)
        except ValueError:
            options[name] = text
    if opset is not None:
        options["opset"] = opset
    if simplify:
        options["simplify"] = True
    return options


def _kept(wanted: Wanted, job: Job, filename: str) -> Path:
    try:
        return wanted.target(filename)
    except TargetExists as error:
        raise TargetExists(
            f"{error.detail} The result is kept: `modelferry download {job.id} -o FILE`.",
            field=error.field,
            job_id=job.id,
        ) from None


def _submitted(out: Console, job: Job) -> None:
    out.print(
        f"Submitted job {job.id}. See it with `modelferry job {job.id}`, take its result with"
        f" `modelferry download {job.id}`.",
        soft_wrap=True,
    )


def _told(view: JobView, path: Path | None) -> str:
    lines = [verdict(view)]
    lines += [
        escape(f"Left before it: {each.route}, at {each.step}: {each.fault.detail}")
        for each in view.report.rejected
    ]
    if path is not None and view.output is not None:
        lines.append(f"Saved {escape(str(path))} ({size(view.output.size)}).")
    return "\n".join(lines)
