"""`modelferry workers`."""

from collections.abc import Iterator

import typer
from rich.console import Console
from rich.markup import escape

from modelferry.cli.session import Json, session_of
from modelferry.cli.words import ago, size, table
from modelferry.types import Offer


def workers(context: typer.Context, *, as_json: Json = False) -> None:
    """List the workers and what they can do."""
    session = session_of(context)
    with session.ferry() as ferry:
        found = ferry.workers()
    rows = [
        (
            escape(each.id),
            "[green]on line[/]" if each.online else "away",
            " ".join(each.offer.queues),
            str(_slots(each.offer)),
            size(each.offer.memory),
            str(len(each.offer.converters)),
            ago(each.seen_at),
        )
        for each in found
    ]

    def draw(out: Console) -> None:
        headings = ("worker", "state", "queues", "slots", "memory", "converters", "heard")
        empty = "No worker has announced itself yet. `modelferry up` starts one."
        out.print(table(headings, rows, empty=empty))
        for each in found:
            for line in _details(each.offer):
                out.print(f"[dim]{escape(f'{each.id}: {line}')}[/]", soft_wrap=True)

    session.answer(found, as_json=as_json, draw=draw)


def _slots(offer: Offer) -> int:
    """How many steps it runs at once."""
    return offer.slots * ("cpu" in offer.queues) + len(offer.gpus)


def _details(offer: Offer) -> Iterator[str]:
    """Its GPUs, the libraries that build and run on them, and what it did not find."""
    for gpu in offer.gpus:
        yield (
            f"{gpu.name}, compute capability {gpu.compute_capability}, {size(gpu.memory)},"
            f" driver {gpu.driver}"
        )
    toolchains = [
        *(each.toolchain for each in offer.converters),
        *(each.toolchain for each in offer.checkers),
        *(each.toolchain for each in offer.runtimes),
    ]
    libraries = {item for each in toolchains for item in each.items() if "tensorrt" in item[0]}
    for name, version in sorted(libraries):
        yield f"{name} {version}"
    for sentence in offer.missing:
        yield f"missing: {sentence}"
