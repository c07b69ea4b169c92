"""Problems: an error as a sentence for people, or as a document for scripts; on stderr."""

import json
from collections.abc import Mapping
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.exceptions import TyperException

from modelferry.errors import ModelferryError, Ours

WHERE = ("field", "node", "operator")


def report(error: ModelferryError, *, as_json: bool) -> None:
    """What was wrong, where, and what to do."""
    if as_json:
        _document(error.problem())
        return
    places = [f"{name} {getattr(error, name)!r}" for name in WHERE if getattr(error, name)]
    _sentence(f"{error.detail}" + (f" ({', '.join(places)})" if places else ""))
    if isinstance(error, Ours) and error.request_id:
        typer.echo(f"Its operator finds more under request id {error.request_id}.", err=True)


def report_usage(error: TyperException, *, as_json: bool) -> None:
    """A command line that cannot be read."""
    detail = error.format_message()
    if as_json:
        _document({"type": "urn:modelferry:problem:usage", "code": "usage", "detail": detail})
        return
    context: typer.Context | None = getattr(error, "ctx", None)
    command = context.command_path if context else "modelferry"
    _sentence(f"{detail} `{command} --help` shows how it is used.")


def _document(members: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(members, indent=2, ensure_ascii=False), err=True)


def _sentence(text: str) -> None:
    console = Console(stderr=True, highlight=False)
    console.print(f"[bold red]Error:[/] {escape(text)}", soft_wrap=True)
