"""`modelferry engine`."""

import re
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from modelferry.cli.exits import Exit
from modelferry.cli.session import Json, session_of
from modelferry.types import Compatibility

UNITS: Final = {"": 1, "MIB": 1 << 20, "GIB": 1 << 30, "MB": 10**6, "GB": 10**9}

engine = typer.Typer(
    name="engine", help="Ask about TensorRT engines.", no_args_is_help=True, add_completion=False
)


def _bytes(text: str) -> int:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *([A-Za-z]*)", text.strip())
    if found is None or found[2].upper() not in UNITS:
        raise typer.BadParameter(f"{text!r} is no size. Write it like 24GiB, or in bytes.")
    return int(float(found[1]) * UNITS[found[2].upper()])


@engine.command()
def check(
    context: typer.Context,
    *,
    engine: Annotated[
        str,
        typer.Argument(
            metavar="ENGINE", help="The engine, its manifest, its zip, or the job that built it."
        ),
    ],
    gpu: Annotated[
        str, typer.Option(help="Name of the GPU that it is to run on, as `nvidia-smi -L` says.")
    ],
    compute_capability: Annotated[
        str | None, typer.Option(help="Of the GPU; known by the name for most.")
    ] = None,
    memory: Annotated[
        int | None, typer.Option(parser=_bytes, metavar="SIZE", help="Of the GPU: 24GiB, say.")
    ] = None,
    driver: Annotated[str | None, typer.Option(help="Version of the NVIDIA driver there.")] = None,
    library: Annotated[
        str | None, typer.Option(help="Version of TensorRT (or TensorRT-RTX) there.")
    ] = None,
    cuda: Annotated[str | None, typer.Option(help="Version of CUDA there.")] = None,
    as_json: Json = False,
) -> None:
    """Say whether an engine runs on a GPU that is described, and why not.

    Nothing is guessed: what matters and was not given is listed.
    """
    session = session_of(context)
    with session.ferry() as ferry:
        found = ferry.compatibility(
            engine,
            gpu=gpu,
            compute_capability=compute_capability,
            memory=memory,
            driver=driver,
            library=library,
            cuda=cuda,
        )
    session.answer(found, as_json=as_json, draw=lambda out: _draw(out, found, gpu))
    if found.runs is not True:
        raise typer.Exit(Exit.NO if found.runs is False else Exit.OPEN)


def _draw(out: Console, found: Compatibility, gpu: str) -> None:
    name = escape(gpu)
    if found.runs:
        out.print(f"[green]It runs[/] on {name}.", soft_wrap=True)
    elif found.runs is None:
        out.print(
            f"[yellow]It may run[/] on {name}: nothing speaks against it, but not all is known.",
            soft_wrap=True,
        )
    else:
        out.print(f"[red]It does not run[/] on {name}.", soft_wrap=True)
    for reason in found.reasons:
        out.print(f"- {escape(reason.sentence)} ({reason.code})", soft_wrap=True)
    for unknown in found.unknown:
        out.print(f"[dim]? {escape(unknown.sentence)} ({unknown.code})[/]", soft_wrap=True)
