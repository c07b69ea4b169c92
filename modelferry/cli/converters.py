"""`modelferry converters`."""

from typing import Any

import typer
from rich.markup import escape

from modelferry.cli.session import Json, session_of
from modelferry.cli.words import table


def converters(context: typer.Context, *, as_json: Json = False) -> None:
    """List the converters that the workers announced, with their options."""
    session = session_of(context)
    with session.ferry() as ferry:
        found = ferry.converters()
    rows = [
        (
            each.name,
            str(each.version),
            f"{each.source} → {each.target}",
            escape(each.summary),
            escape(_options(each.options)),
        )
        for each in found
    ]
    session.answer(
        found,
        as_json=as_json,
        draw=lambda out: out.print(
            table(
                ("name", "version", "conversion", "what it does", "options"),
                rows,
                empty="No converters: no worker has announced itself yet.",
            )
        ),
    )


def _options(schema: dict[str, Any]) -> str:
    properties: dict[str, Any] = schema.get("properties", {})
    return ", ".join(
        f"{name}={about['default']}" if "default" in about else name
        for name, about in properties.items()
    )
