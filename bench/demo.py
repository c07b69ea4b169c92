"""`make demo`: three classifiers trained on real digits, converted by the real service.

All become ONNX. One becomes PyTorch source code and a TensorFlow Lite model, another a SavedModel,
and one a TensorRT-RTX engine, built ahead of time without a GPU. The weights of both CNNs are put
into a template as well: the same network, written anew in the other framework.

Everything is started here and stopped here, in a temporary folder. The exit status is not 0
when a conversion fails, is not verified, or reads another number of digits than its source.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from bench.digits import HELD_OUT
from bench.readers import right_in
from bench.templates import KERAS_CNN, TORCH_CNN
from modelferry import Modelferry
from modelferry.cli.words import largest_error, size
from modelferry.embedded.part import StackError
from modelferry.embedded.service import Service
from modelferry.types import JobView

ROOT = Path(__file__).parents[1]
WIDE = 120  # characters of a line that goes to no terminal
MODELS = {
    "Keras CNN": "keras-cnn.keras",
    "PyTorch CNN": "torch-cnn.pt2",
    "Keras LSTM": "keras-lstm.zip",
}


class Leg(NamedTuple):
    """One trip to make. `ending` is how the name of the result ends. Weights alone travel where
    there is a template for them."""

    name: str
    to: str
    ending: str
    template: str | None = None


LEGS = (
    Leg("Keras CNN", "onnx", ".onnx"),
    Leg("PyTorch CNN", "onnx", ".onnx"),
    Leg("Keras LSTM", "onnx", ".onnx"),
    Leg("Keras CNN", "pytorch", "-source.zip"),
    Leg("Keras CNN", "tflite", ".tflite"),
    Leg("PyTorch CNN", "savedmodel", "-savedmodel.zip"),
    Leg("Keras CNN", "pt2", "-transplanted.pt2", KERAS_CNN),
    Leg("PyTorch CNN", "keras", "-transplanted.keras", TORCH_CNN),
)


@dataclass(frozen=True)
class Trip:
    """One model's way through the service. `before` and `after` count digits read right."""

    name: str
    to: str
    target: Path
    job: JobView
    seconds: float
    before: int
    after: int

    @property
    def sound(self) -> bool:
        return self.job.report.proof == "verified" and self.before == self.after


def main() -> int:
    """Run the demo. Returns the exit status."""
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    with tempfile.TemporaryDirectory(prefix="modelferry-demo-") as place:
        folder = Path(place)
        try:
            with _service(folder / "home", console) as url, Modelferry(url) as ferry:
                _train(folder, console)
                trips = [_convert(leg, folder, ferry, console) for leg in LEGS]
                manifest = _engine(folder, ferry, console)
        except (StackError, subprocess.CalledProcessError) as error:
            console.print(f"The demo failed: {error}", style="red", highlight=False)
            return 1
        console.print(_table(trips))
        console.rule("The engine's manifest")
        console.print_json(manifest, indent=None)
    return 0 if all(trip.sound for trip in trips) else 1


@contextmanager
def _service(home: Path, console: Console) -> Iterator[str]:
    console.rule("The service: PostgreSQL, Valkey, API, worker, sweeper")
    service = Service(home, os.environ)
    try:
        service.start()
        parts, _, _ = service.said().partition("\n\n")
        console.print(parts, highlight=False, markup=False, soft_wrap=True)
        yield service.url
    finally:
        service.stop()


def _train(folder: Path, console: Console) -> None:
    console.rule("Training on handwritten digits")
    for framework in ("keras", "torch"):
        began = time.monotonic()
        command = [sys.executable, "-m", "bench.classifiers", framework, str(folder)]
        with console.status(f"training with {framework}"):
            done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        if done.returncode:
            raise StackError(f"training with {framework}:\n{done.stderr}")
        console.print(f"{framework}: {time.monotonic() - began:.1f} s", highlight=False)


def _convert(leg: Leg, folder: Path, ferry: Modelferry, console: Console) -> Trip:
    source = folder / MODELS[leg.name]
    target = source.with_name(source.stem + leg.ending)
    template = folder / leg.template if leg.template else None
    seconds = _command(source, leg.to, target, ferry, console, template=template)
    return Trip(
        name=leg.name,
        to=leg.to,
        target=target,
        job=ferry.job(next(iter(ferry.jobs())).id).view,
        seconds=seconds,
        before=int(source.with_suffix(".right").read_text()),
        after=right_in(leg.to, target),
    )


def _engine(folder: Path, ferry: Modelferry, console: Console) -> str:
    """Build an engine of the first model. Returns its manifest, as it lies beside it."""
    source = folder / MODELS["Keras CNN"]
    target = source.with_suffix(".engine")
    _command(source, "tensorrt-rtx", target, ferry, console)
    return target.with_name(f"{target.name}.json").read_text()


def _command(
    source: Path,
    to: str,
    target: Path,
    ferry: Modelferry,
    console: Console,
    *,
    template: Path | None = None,
) -> float:
    """Seconds that the command line takes to convert and download."""
    shown = f" --template {template.name}" if template else ""
    console.rule(f"modelferry convert {source.name} --to {to}{shown} -o {target.name}")
    command = [sys.executable, "-m", "modelferry", "--url", ferry.url, "convert", str(source)]
    filled = ["--template", str(template)] if template else []
    began = time.monotonic()
    subprocess.run([*command, "--to", to, *filled, "-o", str(target)], cwd=ROOT, check=True)
    return time.monotonic() - began


def _table(trips: list[Trip]) -> Table:
    title = f"Converted; accuracy on {HELD_OUT} digits that none has seen"
    table = Table(title=title, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("model", no_wrap=True)
    table.add_column("to", no_wrap=True)
    table.add_column("route taken")  # the one that gives way: the numbers are what is shown
    for column in ("seconds", "size", "largest error", "before", "after"):
        table.add_column(column, justify="right", min_width=max(map(len, column.split())))
    for trip in trips:
        table.add_row(
            trip.name,
            trip.to,
            trip.job.report.route,
            f"{trip.seconds:.1f}",
            size(trip.target.stat().st_size),
            largest_error(trip.job),
            f"{trip.before / HELD_OUT:.2%}",
            f"{trip.after / HELD_OUT:.2%}",
            style=None if trip.sound else "red",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
