"""`modelferry up`."""

import json
from typing import Annotated

import typer


def up(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each message as a JSON object on a line.")
    ] = False,
) -> None:
    """Run the whole service on this machine, in the foreground."""
    # Here, because an installation that only speaks to a service lacks what this one needs.
    from modelferry.stack import main as serve
    from modelferry.stack import say_at_once

    def say_as_json(message: str) -> None:
        say_at_once(json.dumps({"message": message.strip()}, ensure_ascii=False))

    raise typer.Exit(serve(say=say_as_json if as_json else say_at_once))
