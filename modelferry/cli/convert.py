"""`modelferry convert`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from modelferry import engines
from modelferry.cli import several
from modelferry.cli.exits import Exit
from modelferry.cli.live import Watcher, watcher
from modelferry.cli.mapping import in_short
from modelferry.cli.options import (
    MODEL,
    Gpu,
    Mapping,
    Precision,
    Template,
    mapping_from,
    matrix_from,
    options_from,
)
from modelferry.cli.places import Wanted, free
from modelferry.cli.session import Json, Session, session_of
from modelferry.cli.wishes import Wish
from modelferry.cli.words import size, verdict
from modelferry.client import Modelferry
from modelferry.errors import ModelferryError, NotVerified
from modelferry.job import Job
from modelferry.proofs import unproved
from modelferry.transplants import is_id, wished
from modelferry.types import JobView, ModelView


def convert(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=MODEL)],
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
    template: Template = None,
    mapping: Mapping = None,
    precision: Precision = None,
    gpu: Gpu = None,
    each: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=V1,V2",
            help="A job for each of these values of an option, and for each combination where"
            " it is repeated; -o is a folder then.",
        ),
    ] = None,
    samples: Annotated[
        Path | None,
        typer.Option(help="An .npz of inputs to verify and calibrate with, by input name."),
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
        bool,
        typer.Option(
            "--require-verified",
            help="Exit with 5 if nothing could run it to verify it, also where every variable was"
            " compared.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Convert a model, see it verified, and download the result.

    Ctrl-C ends the waiting, not the job.
    """
    session = session_of(context)
    options = options_from(
        option or [], opset=opset, simplify=simplify, precision=precision, gpu=gpu
    )
    options = wished(options, None, mapping_from(mapping))
    matrix = matrix_from(each or [])
    wish = Wish(to, options, matrix, samples, priority, detach, require_verified, as_json)
    wanted = _place(wish, output, file.resolve().parent, force=force)
    with session.ferry() as ferry:
        with watcher(session.err, quiet=as_json) as watch:
            model = uploaded(session, ferry, file, format, watch)
            filled = named(session, ferry, template, watch)
        wish = replace(wish, options=wished(options, filled, None))
        if matrix:
            several.convert(session, ferry, model, wish, wanted)
        else:
            _convert(session, ferry, model, wish, wanted)


def _place(wish: Wish, output: Path | None, beside: Path, *, force: bool) -> Wanted:
    """Where results go; what cannot be is said before anything is sent."""
    if output is not None and not wish.detach:
        if wish.matrix:
            several.make_folder(output)
        elif not output.is_dir():
            engine = wish.to in engines.FORMATS and output.suffix != ".zip"
            free(output, force=force, engine=engine)
    return Wanted(output, beside, force)


def _convert(
    session: Session, ferry: Modelferry, model: ModelView, wish: Wish, wanted: Wanted
) -> None:
    job = ferry.submit(
        model, wish.to, options=wish.options, samples=wish.samples, priority=wish.priority
    )
    if wish.detach:
        session.answer(job.view, as_json=wish.as_json, draw=lambda out: _submitted(out, job))
        return
    try:
        with watcher(session.err, quiet=wish.as_json) as watch:
            path = finish(session, job, wanted, watch)
    except ModelferryError:
        if job.mapping is not None and not wish.as_json:
            for line in in_short(job.mapping):
                session.err.print(line, soft_wrap=True)
        raise
    session.answer(
        {"job": job.view, "verified": job.verified, "path": path and str(path)},
        as_json=wish.as_json,
        draw=lambda out: out.print(_told(job.view, path), soft_wrap=True),
    )
    if wish.require_verified and not job.verified:
        raise NotVerified(
            f"{unproved(job.view)} Leave --require-verified out to accept that.", job_id=job.id
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
        return job.download(wanted.kept(job, output), progress=watch.transfer)
    except KeyboardInterrupt:
        after = "has ended" if job.view.ended else "goes on"
        session.err.print(
            f"Interrupted. Job {job.id} {after}: see it with `modelferry job {job.id}`, end it"
            f" with `modelferry cancel {job.id}`, take its result with"
            f" `modelferry download {job.id}`.",
            soft_wrap=True,
        )
        raise typer.Exit(Exit.INTERRUPTED) from None


def uploaded(
    session: Session, ferry: Modelferry, file: Path, format: str | None, watch: Watcher
) -> ModelView:
    """The model as the service has it."""
    try:
        return ferry.upload(file, format=format, progress=watch.transfer)
    except KeyboardInterrupt:
        session.err.print(
            "Interrupted before a job was submitted. The same command goes on where it stopped.",
            soft_wrap=True,
        )
        raise typer.Exit(Exit.INTERRUPTED) from None


def named(
    session: Session, ferry: Modelferry, template: str | None, watch: Watcher
) -> ModelView | str | None:
    """A template as it is named to the service: its id, or what was uploaded."""
    if template is None or is_id(template):
        return template
    return uploaded(session, ferry, Path(template), None, watch)


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
        told = f"Saved {escape(str(path))} ({size(view.output.size)})"
        unpacked = engines.unpacks(view.output, path)
        lines.append(f"{told}, its manifest beside it." if unpacked else f"{told}.")
    return "\n".join(lines)
