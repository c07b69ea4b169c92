"""`python -m workers.onnx_suite --target NAME --cases DIR --json OUT`."""

import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Final

from workers.onnx_suite.arguments import Wanted, parse
from workers.onnx_suite.cases import Case, cases_in
from workers.onnx_suite.children import run_all
from workers.onnx_suite.engines import engine_named, preload
from workers.onnx_suite.judging import judge
from workers.onnx_suite.official import write_official
from workers.onnx_suite.results import Result, Status, Summary

EVERY: Final = 100
"""Cases between two words on how far it has got."""

ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "CUDA_VISIBLE_DEVICES": "",
}
"""Cases are small and run side by side."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases, or write them; the exit status."""
    wanted = parse(sys.argv[1:] if arguments is None else arguments)
    if wanted.write is not None:
        return _write(wanted.write)
    cases = _chosen(cases_in(wanted.cases), wanted.only)
    if not cases:
        return _fail(f"There is no case in {str(wanted.cases)!r}: no folder with a model.onnx.")
    os.environ.update(ONE_THREAD)
    try:
        engine = engine_named(wanted.target)
        preload(wanted.target, engine)
    except (ImportError, TypeError) as error:
        return _fail(f"The target {wanted.target!r} cannot be had: {error}")
    summary = _run(cases, engine, wanted)
    if wanted.output is not None:
        wanted.output.write_text(summary.model_dump_json(indent=1, exclude_none=True) + "\n")
    _tell(summary)
    return 0


def _write(folder: Path) -> int:
    try:
        sys.stdout.write(f"wrote {write_official(folder)} cases to {folder}\n")
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}")
    return 0


def _chosen(cases: Sequence[Case], patterns: Sequence[str]) -> list[Case]:
    if not patterns:
        return list(cases)
    return [case for case in cases if any(fnmatchcase(case.name, each) for each in patterns)]


def _run(cases: Sequence[Case], engine: ModuleType, wanted: Wanted) -> Summary:
    began = time.monotonic()
    results: list[Result] = []
    ask = partial(judge, engine=engine)
    for result in run_all(
        cases, ask, jobs=wanted.jobs, seconds=wanted.seconds, verbose=wanted.verbose
    ):
        results.append(result)
        if len(results) % EVERY == 0:
            sys.stderr.write(f"{len(results)} of {len(cases)}\n")
    results.sort(key=lambda each: each.name)
    return Summary(
        target=wanted.target,
        cases=len(cases),
        passed=sum(each.status is Status.PASSED for each in results),
        seconds=round(time.monotonic() - began, 1),
        results=tuple(results),
    )


def _tell(summary: Summary) -> None:
    lines = []
    for each in summary.results:
        if each.status is not Status.PASSED:
            at = f" at {each.operator} {each.node!r}" if each.operator else ""
            code = f" ({each.code}{at})" if each.code else ""
            lines.append(f"{each.status} {each.name}{code}: {each.reason}")
    counts = Counter(each.status for each in summary.results)
    told = ", ".join(f"{counts[each]} {each}" for each in Status if counts[each])
    lines += [f"{told}, in {summary.seconds:.0f} s", f"passed {summary.passed} of {summary.cases}"]
    sys.stdout.write("\n".join(lines) + "\n")


def _fail(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
