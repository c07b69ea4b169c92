"""The application: global options, one command a file, and what a failure exits with."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Final, NoReturn

import typer
from typer.exceptions import TyperException

from modelferry.cli.cancel import cancel
from modelferry.cli.check import check
from modelferry.cli.compare import compare
from modelferry.cli.convert import convert
from modelferry.cli.converters import converters
from modelferry.cli.download import download
from modelferry.cli.engine import engine
from modelferry.cli.exits import MEANINGS, Exit, exit_code
from modelferry.cli.formats import formats
from modelferry.cli.job import job
from modelferry.cli.jobs import jobs
from modelferry.cli.logs import logs
from modelferry.cli.mapping import mapping
from modelferry.cli.models import models
from modelferry.cli.problems import report, report_usage
from modelferry.cli.retry import retry
from modelferry.cli.routes import routes
from modelferry.cli.session import Session
from modelferry.cli.up import up
from modelferry.cli.workers import workers
from modelferry.errors import ModelferryError

COMMANDS: Final = (
    convert,
    check,
    compare,
    models,
    jobs,
    job,
    mapping,
    logs,
    cancel,
    retry,
    download,
    routes,
    formats,
    converters,
    workers,
    up,
)

EPILOG: Final = "\n\n".join(
    ("Exit codes:", *(f"{code.value}: {meaning}." for code, meaning in MEANINGS.items()))
)

app = typer.Typer(
    name="modelferry", epilog=EPILOG, add_completion=False, rich_markup_mode="markdown"
)
for each in COMMANDS:
    app.command(epilog=EPILOG if each is convert else None)(each)
app.add_typer(engine)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it
    if wanted:
        typer.echo(f"modelferry {version('modelferry')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main_options(
    context: typer.Context,
    *,
    url: Annotated[
        str | None,
        typer.Option(
            envvar="MODELFERRY_URL",
            help="Address of the service; http://127.0.0.1:8080 if not given.",
        ),
    ] = None,
    tenant: Annotated[
        str | None,
        typer.Option(
            envvar="MODELFERRY_TENANT", help="Whose models and jobs; `default` if not given."
        ),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Convert machine-learning models, and have it proven that they compute the same."""
    context.obj = Session(url, tenant)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(Exit.USAGE)


def run(arguments: Sequence[str]) -> int:
    """Carry out a command line; what to exit with."""
    as_json = "--json" in arguments
    try:
        status = app(list(arguments), prog_name="modelferry", standalone_mode=False)
    except ModelferryError as error:
        report(error, as_json=as_json)
        return exit_code(error)
    except TyperException as error:
        report_usage(error, as_json=as_json)
        return Exit.USAGE
    return status or Exit.OK


def main() -> NoReturn:
    """The program."""
    sys.exit(run(sys.argv[1:]))
