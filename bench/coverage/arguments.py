"""Arguments: what `python -m bench.coverage` is told."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from bench.coverage.backend import ENGINES, OWN
from bench.coverage.rows import TARGETS
from bench.coverage.zoo import DOZEN, ZOO

TABLES = ("formats", "backend", "models")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`fresh`: what is in the file already is made anew."""

    tables: tuple[str, ...]
    models: tuple[str, ...]
    targets: tuple[str, ...]
    engines: tuple[str, ...]
    fresh: bool


def parse(arguments: Sequence[str]) -> Wanted:
    """Read the command line. Ends the process with status 2 where it makes no sense."""
    parser = _parser()
    given = parser.parse_args(arguments)
    targets = tuple(given.targets.split(","))
    if unknown := set(targets) - set(TARGETS):
        parser.error(f"--targets: there is no {', '.join(sorted(unknown))}")
    if unknown := set(given.only) - set(ZOO):
        parser.error(f"--only: there is no {', '.join(sorted(unknown))}")
    if given.pins:
        return Wanted(TABLES, DOZEN, targets, tuple(OWN), fresh=True)
    return Wanted(
        tables=tuple(given.table) or TABLES,
        models=tuple(given.only) or tuple(ZOO),
        targets=targets,
        engines=tuple(ENGINES),
        fresh=given.fresh,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.coverage",
        description="Make docs/coverage.json, line by line; what is in it already is kept, so a"
        " run that was ended goes on where it was.",
    )
    add = parser.add_argument
    add("--table", action="append", default=[], choices=TABLES, help="only this one")
    add("--only", action="append", default=[], metavar="NAME", help="only this architecture")
    add("--targets", default=",".join(TARGETS), metavar="NAME,…", help="only these targets")
    add("--fresh", action="store_true", help="make anew what is there already")
    add(
        "--pins",
        action="store_true",
        help="make anew what CI holds us to: our importers, the dozen of architectures, formats",
    )
    return parser
