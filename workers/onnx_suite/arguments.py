"""Arguments: what `python -m workers.onnx_suite` is told."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Either `write`, or a run of the `target` on `cases`."""

    write: Path | None
    target: str
    cases: Path
    output: Path | None
    only: tuple[str, ...]
    jobs: int
    seconds: float
    verbose: bool


def parse(arguments: Sequence[str]) -> Wanted:
    """Read the command line. Ends the process with status 2 where it makes no sense."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.write is None and (given.target is None or given.cases is None):
        parser.error("--target and --cases say what to run on what; --write writes the cases")
    if given.jobs < 1 or not given.timeout > 0:
        parser.error("--jobs and --timeout are positive")
    return Wanted(
        write=given.write,
        target=given.target or "",
        cases=given.cases or Path(),
        output=given.json,
        only=tuple(given.only),
        jobs=given.jobs,
        seconds=given.timeout,
        verbose=given.verbose,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m workers.onnx_suite",
        description="Run cases in the layout of ONNX's backend tests, each in a process of its"
        " own: folders with model.onnx and test_data_set_N/{input,output}_K.pb, at any depth.",
        epilog="The last line is `passed N of M`. Exit status: 0 all cases were run, whatever"
        " became of them; 1 there were none, or the target cannot be had; 2 the command makes no"
        " sense.",
    )
    add = parser.add_argument
    add(
        "--target",
        metavar="NAME",
        help="pytorch, tensorflow; in a checkout also onnxruntime, openvino, onnx2torch,"
        " onnx2pytorch and onnx2tf; or a module with a function run_model(path)",
    )
    add("--cases", type=Path, metavar="DIR", help="the folder of cases, or one case's own")
    add("--json", type=Path, metavar="OUT", help="where to write what became of each case")
    add(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="run the cases with such names, as *conv*; may be repeated",
    )
    add(
        "--jobs",
        type=int,
        default=len(os.sched_getaffinity(0)),
        metavar="N",
        help="how many at once (default: one for each processor)",
    )
    add(
        "--timeout",
        type=float,
        default=SECONDS,
        metavar="SECONDS",
        help=f"for one case (default: {SECONDS:.0f})",
    )
    add("--verbose", action="store_true", help="show the libraries' words on standard error")
    add("--write", type=Path, metavar="DIR", help="write ONNX's own backend cases there, and end")
    return parser
