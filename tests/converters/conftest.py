"""Orders carried out as the fleet does: a folder with order.json in, result.json out."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.domain.jobs import TEMPLATE
from shared.domain.orders import (
    AgreedNote,
    DisagreedNote,
    Input,
    Note,
    ProducedNote,
    RefusedNote,
    WorkOrder,
)
from shared.domain.plans import Convert, Inspect, Verify
from shared.domain.precisions import asked, tolerances
from workers import child
from workers.converters import catalogue

NOTE: TypeAdapter[Note] = TypeAdapter(Note)


@dataclass
class Bench:
    """Carries orders out, each in a folder of its own below `folder`."""

    folder: Path
    count: int = 0

    def inspect(self, path: Path, format: str, samples: Path | None = None, **options: Any) -> Any:
        action = Inspect(format=format, options=options, toolchain={})
        return self._run(action, {"source": (path, format)}, samples)[0]

    def convert(
        self,
        name: str,
        path: Path,
        samples: Path | None = None,
        *,
        into: Path | None = None,
        **options: Any,
    ) -> tuple[Any, Path]:
        """`into` is a template, of the edge's target format."""
        edge = catalogue()[name]
        action = Convert(
            converter=name,
            version=edge.version,
            source=edge.source.name,
            target=edge.target.name,
            options=options,
            toolchain={},
        )
        template = {TEMPLATE: (into, edge.target.name)} if into else {}
        return self._run(action, {"source": (path, edge.source.name)} | template, samples)

    def verify(
        self,
        source: tuple[Path, str],
        result: tuple[Path, str],
        samples: Path | None = None,
        *,
        route: Sequence[Convert] = (),
        between: Sequence[tuple[Path, str]] = (),
        **options: Any,
    ) -> Any:
        """`between` are what the converts of the route wrote, but for the last."""
        action = Verify(reference=source[1], candidate=result[1], options=options, toolchain={})
        steps = {f"step-{at}": each for at, each in enumerate(between)}
        inputs = {"reference": source, "candidate": result} | steps
        return self._run(action, inputs, samples, tuple(route))[0]

    def carry(
        self, name: str, path: Path, samples: Path | None = None, **options: Any
    ) -> "Carried":
        """Inspect, convert and verify; every step must succeed."""
        edge = catalogue()[name]
        inspected = self.inspect(path, edge.source.name, samples, **options)
        assert isinstance(inspected, ProducedNote), inspected
        produced, output = self.convert(
            name,
            path,
            samples,
            **{k: v for k, v in options.items() if k in edge.options.model_fields},
        )
        assert isinstance(produced, ProducedNote), produced
        ends = (path, edge.source.name), (output, edge.target.name)
        agreed = self.verify(*ends, samples, **options)
        assert isinstance(agreed, AgreedNote), agreed
        return Carried(inspected.report, output, agreed.report)

    def _run(
        self,
        action: Any,
        inputs: dict[str, tuple[Path, str]],
        samples: Path | None,
        route: tuple[Convert, ...] = (),
    ) -> tuple[Any, Path]:
        self.count += 1
        folder = self.folder / f"{self.count}"
        folder.mkdir()
        named = inputs | ({"samples": (samples, "npz")} if samples else {})
        for role, (path, _) in named.items():
            shutil.copyfile(path, folder / f"{role}.bin")
        order = WorkOrder(
            action=action,
            inputs={
                role: Input(path=f"{role}.bin", format=kind) for role, (_, kind) in named.items()
            },
            output="output.bin",
            tolerances=tolerances(asked(action.options)),
            route=route,
        )
        (folder / "order.json").write_text(order.model_dump_json())
        assert child.main(folder) == 0
        note = NOTE.validate_python(json.loads((folder / "result.json").read_text()))
        return note, folder / "output.bin"


@dataclass(frozen=True)
class Carried:
    """A whole trip: the inspection, the file that came out, the report of the proof."""

    inspection: dict[str, Any]
    output: Path
    report: dict[str, Any]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    folder = tmp_path / "orders"
    folder.mkdir()
    return Bench(folder)


@pytest.fixture
def refused() -> Callable[[Any, str], Any]:
    """The fault of a note that must be a refusal, or a disagreement, with that code."""

    def check(note: Any, code: str) -> Any:
        assert isinstance(note, RefusedNote | DisagreedNote), note
        assert note.fault.code == code, note.fault
        return note.fault

    return check
