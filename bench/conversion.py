"""Submit to verified result, beside the cold command lines that people use today.

    python -m bench.conversion [ROUNDS]

Service and command line take turns on the same model files in one run; a round uses weights
of its own, so that nothing is answered from the cache. Round 0 is not counted: a fleet is
warm when it serves. The service's seconds run from the
submission to the end of its verification. The command line verifies nothing, and for Keras
it is given a SavedModel that was exported beforehand.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from bench import cold
from modelferry import Modelferry
from modelferry.stack import Stack

ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Case:
    """A model in `{}` rounds: its file, and how the cold command line converts it."""

    name: str
    source: str
    cold_source: str
    cold: Callable[[Path, Path], float]
    options: dict[str, int]


CASES: Final = (
    Case("MobileNetV2 .keras", "mobilenet-{}.keras", "mobilenet-{}", cold.tf2onnx, {"opset": 17}),
    Case("ResNet-18 .pt2", "resnet18-{}.pt2", "resnet18-{}.pt2", cold.torch_onnx, {}),
)


@dataclass(frozen=True)
class Timing:
    """Seconds of one round."""

    service: float
    cold: float


def served(ferry: Modelferry, source: Path, options: dict[str, int]) -> float:
    """Seconds from the submission to a result that was verified.

    Raises:
        RuntimeError: the job ended in another way.
    """
    model = ferry.upload(source)
    start = time.perf_counter()
    job = ferry.submit(model, to="onnx", options=options)
    view = job.wait()
    seconds = time.perf_counter() - start
    if not job.verified:
        message = f"{source.name}: {view.state}, {view.error}"
        raise RuntimeError(message)
    for step in view.steps:
        sys.stderr.write(f"    {step.title}: {step.attempts[-1].seconds:.2f} s\n")
    return seconds


def measure(ferry: Modelferry, folder: Path, rounds: int) -> dict[str, list[Timing]]:
    """One timing per case and round, the two ways taking turns at going first."""
    timings: dict[str, list[Timing]] = {case.name: [] for case in CASES}
    for case in CASES:
        served(ferry, folder / case.source.format(0), case.options)
    for number in range(1, rounds + 1):
        for case in CASES:
            source = folder / case.source.format(number)
            target = folder / "cold.onnx"
            cold_source = folder / case.cold_source.format(number)
            if number % 2:
                cold_seconds = case.cold(cold_source, target)
                service_seconds = served(ferry, source, case.options)
            else:
                service_seconds = served(ferry, source, case.options)
                cold_seconds = case.cold(cold_source, target)
            timings[case.name].append(Timing(service_seconds, cold_seconds))
            sys.stderr.write(
                f"{case.name} round {number}: service {service_seconds:.1f} s,"
                f" cold {cold_seconds:.1f} s\n"
            )
    return timings


def table(timings: dict[str, list[Timing]]) -> Table:
    """Medians, and the median of the ratios round by round."""
    drawn = Table(title="submit → verified result, beside a cold command line")
    for column in ("model", "service, s", "cold, s", "service / cold"):
        drawn.add_column(column, justify="left" if column == "model" else "right")
    for name, rounds in timings.items():
        drawn.add_row(
            name,
            f"{median(each.service for each in rounds):.1f}",
            f"{median(each.cold for each in rounds):.1f}",
            f"{median(each.service / each.cold for each in rounds):.2f}",
        )
    return drawn


def main(rounds: int) -> int:
    """Exit status 1 when a median ratio is 1 or more: the service must win."""
    with tempfile.TemporaryDirectory(prefix="modelferry-bench-") as scratch:
        folder = Path(scratch)
        subprocess.run(
            [sys.executable, "-m", "bench.sources", folder, str(rounds + 1)],
            check=True,
            capture_output=True,
            cwd=ROOT,
        )
        stack = Stack(folder / "home", {**os.environ, "MODELFERRY_API_PORT": "0"})
        try:
            stack.start()
            with Modelferry(stack.url) as ferry:
                timings = measure(ferry, folder, rounds)
        finally:
            stack.stop()
    Console().print(table(timings))
    lost = [
        name
        for name, each in timings.items()
        if median(one.service / one.cold for one in each) >= 1
    ]
    return 1 if lost else 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
