"""`modelferry up`."""

import typer


def up() -> None:
    """Run the whole service on this machine, in the foreground."""
    # Here, because an installation that only speaks to a service lacks what this one needs.
    from modelferry.stack import main as serve

    raise typer.Exit(serve())
