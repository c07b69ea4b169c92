"""Which models become TensorRT-RTX engines, built for real and without a GPU.

    python -m bench.engines     build all of them and write docs/engines.json

The nine `light` models of ONNX's backend tests and the ten of `bench.architectures`, each by
the same planner, fold and children as the fleet's. docs/gpu.md draws its table from the file.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from bench.architectures import ARCHITECTURES, write
from shared.domain.engines import Manifest
from shared.domain.formats import TENSORRT_RTX
from shared.domain.jobs import JobState
from shared.domain.plans import Plan
from shared.domain.targets import Target
from shared.ports import Runner
from shared.services.planning import plan
from workers.local.carrier import Carrier
from workers.local.files import described
from workers.local.journey import Journey
from workers.local.machine import Machine, local_settings

ROOT: Final = Path(__file__).resolve().parents[1]
KEPT: Final = ROOT / "docs" / "engines.json"


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one model. `size` is the engine's, in bytes; it varies a little.

    `outcome` is `built` or the error's code, with the `node` and `operator` at fault.
    """

    model: str
    source: str
    outcome: str
    proof: str | None = None
    max_rel: float | None = None
    size: int | None = None
    node: str | None = None
    operator: str | None = None


def light() -> dict[str, Path]:
    """The light models, by name: real graphs whose weights are made up when they are run."""
    import onnx

    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    return {path.stem.removeprefix("light_"): path for path in sorted(folder.glob("*.onnx"))}


def sources(folder: Path) -> Iterator[tuple[str, Path, str]]:
    """Name, file and format of every model; the architectures are written into `folder`."""
    for name, path in light().items():
        yield name, path, "onnx"
    for number, name in enumerate(ARCHITECTURES):
        path = folder / f"{number}.pt2"
        write(name, path)
        yield name, path, "pt2"


def rows() -> Iterator[Row]:
    """Build one after the other. Models of one format share a warm parent for their children."""
    with tempfile.TemporaryDirectory(prefix="modelferry-engines-") as place:
        folder = Path(place)
        target = Target(format=TENSORRT_RTX.name)
        for source, models in groupby(sources(folder), key=lambda each: each[2]):
            home = folder / source
            home.mkdir()
            machine = Machine(local_settings(), home)
            made = plan(source, target, machine.roster, samples=False)
            with machine.lit(made) as runner:
                for name, path, _ in models:
                    yield _row(name, path, made, runner, folder)


def _row(name: str, path: Path, made: Plan, runner: Runner, folder: Path) -> Row:
    with _room(folder) as room:
        carrier = Carrier(runner, room, (), hear=lambda *_: None, stop=lambda: False)
        source = carrier.know(described(path, made.source))
        journey = Journey(made, source, None, carrier)
        if journey.travel() is not JobState.SUCCEEDED:
            fault = next(step.fault for step in journey.steps if step.fault)
            return Row(name, made.source, fault.code, node=fault.node, operator=fault.operator)
        steps = journey.on_route(max(step.place.route for step in journey.steps))
        manifest = next(each.report["manifest"] for each in steps if "manifest" in each.report)
        verified = [each.report for each in steps if each.action.kind == "verify"]
        outputs = [each["max_rel"] for report in verified for each in report["outputs"]]
        return Row(
            name,
            made.source,
            "built",
            proof=verified[0]["candidate"] if verified else None,
            max_rel=max(outputs, default=None),
            size=Manifest.model_validate(manifest).size,
        )


@contextmanager
def _room(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=folder) as room:
        yield Path(room)


def main() -> int:
    """Write the file; the exit status."""
    found = []
    for row in rows():
        print(f"{row.model}: {row.outcome} {row.operator or ''}".rstrip(), flush=True)
        found.append(asdict(row))
    KEPT.write_text(json.dumps(found, indent=1) + "\n")
    print(f"{KEPT.relative_to(ROOT)} is written; python docs/generate.py draws the table from it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
