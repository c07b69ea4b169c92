"""docs/cli.md, from the commands themselves: `python -m modelferry.cli.reference`."""

import sys
from collections.abc import Iterator
from typing import Any

import typer

from modelferry.cli.app import app
from modelferry.cli.exits import MEANINGS


def reference() -> str:
    """The page, as Markdown."""
    group: Any = typer.main.get_command(app)
    return "\n".join(
        (
            "# The command line",
            "",
            "Generated from the commands' own help by `python -m modelferry.cli.reference`.",
            "",
            group.help,
            "",
            *_synopsis("modelferry [OPTIONS] COMMAND", group),
            *(line for name in group.commands for line in _command(name, group.commands[name])),
            "## Exit codes",
            "",
            "| code | meaning |",
            "| --- | --- |",
            *(f"| {code.value} | {meaning} |" for code, meaning in MEANINGS.items()),
            "",
        )
    )


def _command(name: str, command: Any) -> Iterator[str]:
    if hasattr(command, "commands"):
        for inner, each in command.commands.items():
            yield from _command(f"{name} {inner}", each)
        return
    told = [each.metavar for each in command.params if each.param_type_name == "argument"]
    yield f"## modelferry {name}"
    yield ""
    yield command.help
    yield ""
    yield from _synopsis(" ".join(("modelferry", name, *told, "[OPTIONS]")), command)


def _synopsis(usage: str, command: Any) -> Iterator[str]:
    yield f"    {usage}"
    yield ""
    if not command.params:
        return
    yield "| | |"
    yield "| --- | --- |"
    context = typer.Context(command)
    for each in command.params:
        if each.param_type_name == "argument":
            yield f"| `{each.metavar}` | {each.help} |"
        else:
            flags = ", ".join(f"`{flag}`" for flag in each.opts)
            yield f"| {flags}{_extra(each, context)} | {each.help} |"
    yield ""


def _extra(option: Any, context: typer.Context) -> str:
    value = "" if option.is_flag else f" `{option.metavar or option.display_type(context)}`"
    needed = " (required)" if option.required else ""
    return value + needed


if __name__ == "__main__":
    sys.stdout.write(reference())
