"""Backend: ONNX's own cases on our importers, and on the engines that they are compared with."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

from bench.coverage.kept import ROOT, Counts
from workers.onnx_suite.official import write_official
from workers.onnx_suite.results import Status, Summary

OWN: Final = {"pytorch": "torch", "tensorflow": "tensorflow-cpu"}
"""Our importers, and whose version decides."""

OTHERS: Final = {
    "onnxruntime": "onnxruntime",
    "onnx2pytorch": "onnx2pytorch",
    "openvino": "openvino",
    "onnx2torch": "onnx2torch",
    "onnx2tf": "onnx2tf",
}

ENGINES: Final[Mapping[str, str]] = OWN | OTHERS


RANDOM: Final = ("bernoulli", "training_dropout")
"""What stands in the names of cases that draw numbers: whether they pass is chance."""

ROUNDED: Final = ("attention", "bf16")
"""What stands in the names of cases whose sums differ in the last bit of a bfloat16 from processor
to processor, which is as much as they may differ."""

COMPARED: Final = ROOT / ".venv" / "compared"
"""Where `make compared` puts what has no place in the environment."""

APART: Final = {"onnx2tf": ROOT / ".venv" / "onnx2tf"}
"""Environments of their own, for what has no place beside ours either; made there, too."""

SECONDS: Final = {"onnx2tf": 20}
"""What a case may take where that is less than the suite's own limit: onnx2tf tries transpositions
one after another where it sees no other way, in attention for longer than any limit here."""


def cases(folder: Path) -> Path:
    """ONNX's cases, written below `folder` unless they are there."""
    place = folder / "onnx-cases"
    if not place.exists():
        write_official(place)
    return place


def version(engine: str) -> str | None:
    """That of its package; None where it is not installed."""
    apart = APART.get(engine)
    inside = apart.glob("lib/python*/site-packages") if apart else (*sys.path, COMPARED)
    found = distributions(name=ENGINES[engine], path=[str(each) for each in inside])
    return next((each.version for each in found), None)


def run(engine: str, folder: Path) -> Summary:
    """What became of each case, by the command that anybody can run.

    Raises:
        CalledProcessError: it did not run.
    """
    output = folder / f"{engine}.json"
    apart = APART.get(engine)
    python = apart / "bin" / "python" if apart else sys.executable
    beside = {} if apart else {"PYTHONPATH": str(COMPARED)}
    arguments = ("--target", engine, "--cases", str(cases(folder)), "--json", str(output))
    limit = ("--timeout", str(SECONDS[engine])) if engine in SECONDS else ()
    subprocess.run(
        [str(python), "-m", "workers.onnx_suite", *arguments, *limit],
        cwd=ROOT,
        env=os.environ | beside,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return Summary.model_validate_json(output.read_bytes())


def counts(engine: str, summary: Summary) -> Counts:
    """The same in numbers, and for our own importers which cases are open (`unpassed`)."""
    kinds = [each.name.partition("/")[0] for each in summary.results]
    passed = [each.status is Status.PASSED for each in summary.results]
    return Counts(
        version=version(engine) or "",
        cases=dict(sorted(Counter(kinds).items())),
        passed=dict(
            sorted(Counter(kind for kind, did in zip(kinds, passed, strict=True) if did).items())
        ),
        statuses=dict(Counter(each.status.value for each in summary.results)),
        seconds=summary.seconds,
        open=unpassed(summary) if engine in OWN else None,
    )


def unpassed(summary: Summary) -> list[str]:
    """The names of the cases that did not pass, but for those where it is chance."""
    missed = [each.name for each in summary.results if each.status is not Status.PASSED]
    return [name for name in missed if not _is_chance(name)]


def _is_chance(name: str) -> bool:
    return any(each in name for each in RANDOM) or all(each in name for each in ROUNDED)
