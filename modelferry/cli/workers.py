"""`modelferry workers`."""

import typer
from rich.markup import escape

from modelferry.cli.session import Json, session_of
from modelferry.cli.words import ago, size, table


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
            str(each.offer.slots),
            size(each.offer.memory),
            str(len(each.offer.converters)),
            ago(each.seen_at),
        )
        for each in found
    ]
    session.answer(
        found,
        as_json=as_json,
        draw=lambda out: out.print(
            table(
                ("worker", "state", "queues", "slots", "memory", "converters", "heard"),
                rows,
                empty="No worker has announced itself yet. `modelferry up` starts one.",
            )
        ),
    )
