"""Arguments: what `python -m workers.convert` is told."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from shared.domain.jobs import MAPPING
from shared.domain.targets import Target
from workers.local.outputs import places
from workers.local.sources import exists

MAPPING_FILES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One model to one target. `format` is the source's, where its bytes leave it open;
    `template` the model that its weights are put into."""

    source: Path
    target: Target
    output: Path
    samples: Path | None
    template: Path | None
    format: str | None
    keep: Path | None
    force: bool
    verbose: bool


def parse(arguments: Sequence[str]) -> Wanted:
    """Read the command line. Ends the process with status 2 where it makes no sense."""
    parser = _parser()
    given = parser.parse_args(arguments)
    wanted = Wanted(
        source=given.source,
        target=Target(format=given.to, options=_told(parser, given)),
        output=given.out,
        samples=given.samples,
        template=given.template,
        format=given.format,
        keep=given.keep,
        force=given.force,
        verbose=given.verbose,
    )
    _check(parser, wanted)
    return wanted


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m workers.convert",
        description="Convert a model on this machine, without the service, and run the result"
        " against its source. The report is one JSON object on standard output.",
        epilog="Exit status: 0 converted (`proof` says whether it was verified), 1 failed,"
        " 2 the command makes no sense, 130 interrupted.",
    )
    add = parser.add_argument
    add(
        "source",
        type=Path,
        metavar="SOURCE",
        help="a model's file, its folder, or a checkpoint's prefix",
    )
    add("--to", required=True, metavar="FORMAT", help="the target format: onnx, tensorrt-rtx…")
    add("--out", required=True, type=Path, metavar="PATH", help="where the result is written")
    add(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the target, its value as JSON or as a bare word; may be repeated",
    )
    add("--samples", type=Path, metavar="NPZ", help="your own inputs, named as the model's are")
    add("--template", type=Path, metavar="MODEL", help="put the weights of SOURCE into this model")
    add(
        "--mapping",
        metavar="NAME|FILE",
        help="which variable is which: a known family, or a mapping file",
    )
    add("--format", metavar="FORMAT", help="the source's format, where its bytes leave it open")
    add("--keep", type=Path, metavar="DIR", help="keep each step's folder in this new folder")
    add("--force", action="store_true", help="replace what lies at PATH")
    add("--verbose", action="store_true", help="show the libraries' own words on standard error")
    return parser


def _told(parser: argparse.ArgumentParser, given: argparse.Namespace) -> dict[str, Any]:
    options = _options(parser, given.option)
    if given.mapping is None:
        return options
    if MAPPING in options:
        parser.error(f"{MAPPING} is given twice")
    return options | {MAPPING: _mapping(parser, given.mapping)}


def _mapping(parser: argparse.ArgumentParser, given: str) -> str:
    """A family's name as it is; of a file, its text."""
    path = Path(given)
    if not path.is_file() and not (path.suffix in MAPPING_FILES or len(path.parts) > 1):
        return given
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        parser.error(f"--mapping: {error}")


def _options(parser: argparse.ArgumentParser, pairs: Sequence[str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            parser.error(f"--option takes NAME=VALUE; it was given {pair!r}")
        if name in options:
            parser.error(f"--option {name} is given twice")
        options[name] = _value(value)
    return options


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text


def _no_number(name: str) -> NoReturn:
    """JSON has no NaN and no Infinity, though Python's parser takes them."""
    raise ValueError(name)


def _check(parser: argparse.ArgumentParser, wanted: Wanted) -> None:
    _check_given(parser, wanted)
    for path in places(wanted.output, wanted.target.format):
        if path.resolve() == wanted.source.resolve():
            parser.error("--out: the result would replace its own source")
        if (path.is_symlink() or path.exists()) and not wanted.force:
            parser.error(f"--out: {str(path)!r} is there already; --force replaces it")
        if path.exists() and not (path.is_file() or path.is_dir()):
            parser.error(f"--out: {str(path)!r} is neither a file nor a folder")
    if not wanted.output.absolute().parent.is_dir():
        parser.error(f"--out: there is no folder {str(wanted.output.absolute().parent)!r}")
    if wanted.keep is not None and wanted.keep.exists() and not _is_empty(wanted.keep):
        parser.error(f"--keep: {str(wanted.keep)!r} is there already, and is no empty folder")


def _check_given(parser: argparse.ArgumentParser, wanted: Wanted) -> None:
    if wanted.samples is not None and not wanted.samples.exists():
        parser.error(f"--samples: there is no file {str(wanted.samples)!r}")
    for path, what in ((wanted.source, "SOURCE"), (wanted.template, "--template")):
        if path is not None and not exists(path):
            parser.error(f"{what}: there is no model's file or folder {str(path)!r}")


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())
