"""What every command has at hand: the service, two consoles, and how to answer."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from modelferry.client import Modelferry
from modelferry.wire import plain

Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON document on stdout and nothing else; an error is one on stderr.",
    ),
]


WIDE: Final = 1000
"""Columns where nobody's screen ends: no word is broken that a program or a file gets."""


@dataclass
class Session:
    """Made by the global options; the service is not spoken to before it is needed."""

    url: str | None = None
    tenant: str | None = None
    out: Console = field(default_factory=lambda: Console(highlight=False, width=_width()))
    err: Console = field(default_factory=lambda: Console(highlight=False, stderr=True))

    def ferry(self) -> Modelferry:
        return Modelferry(self.url, tenant=self.tenant)

    def answer(self, told: Any, *, as_json: bool, draw: Callable[[Console], None]) -> None:
        """Print what was asked for: as a document, or as `draw` shows it."""
        if as_json:
            typer.echo(json.dumps(plain(told), indent=2, ensure_ascii=False))
        else:
            draw(self.out)


def _width() -> int | None:
    return None if sys.stdout.isatty() else WIDE


def session_of(context: typer.Context) -> Session:
    """That of the running command."""
    found = context.find_object(Session)
    return found or Session()
