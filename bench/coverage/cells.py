"""Cells: one architecture to each target, by the fleet's own planner, fold and children."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from bench.coverage.remembering import Remembering
from bench.coverage.rows import Cell, Proof, Row
from bench.coverage.zoo import ZOO
from bench.coverage.zoo.architecture import Architecture
from shared.domain.errors import FerryError
from shared.domain.faults import Fault
from shared.domain.targets import Target
from shared.ports import Runner
from shared.services.planning import plan
from workers.local.files import File, described
from workers.local.journey import Journey
from workers.local.machine import Machine, local_settings
from workers.local.reports import report_of

SECONDS: Final = 300.0
"""For one step of a cell."""

UNEXPORTED: Final = "unexported"
"""Stands for a code where the model's own library writes no file of it."""

LONGEST: Final = 300


class Workshop:
    """A machine that keeps one fork server for all models."""

    def __init__(self, folder: Path, runner: Runner, machine: Machine) -> None:
        self._folder = folder
        self._runner = runner
        self._machine = machine

    def row(self, name: str, targets: Iterable[str]) -> Row:
        """Write the model, and take it to each target."""
        architecture = ZOO[name]
        wanted = [each for each in targets if each != architecture.source]
        with tempfile.TemporaryDirectory(dir=self._folder) as place:
            folder = Path(place)
            path = folder / f"model.{architecture.source}"
            try:
                dynamic = architecture.write(path)
            except Exception as error:  # noqa: BLE001 - a library's own, of any type
                cell = Cell(proof=Proof.NONE, code=UNEXPORTED, reason=_short(error))
                return _row(architecture, dict.fromkeys(wanted, cell), dynamic=False)
            carrier = Remembering(
                self._runner, folder, (), hear=lambda *_: None, stop=lambda: False
            )
            source = described(path, architecture.source)
            cells = {each: self._cell(carrier, source, each) for each in wanted}
        return _row(architecture, cells, dynamic=dynamic)

    def _cell(self, carrier: Remembering, source: File, target: str) -> Cell:
        artifact = carrier.know(source)
        wish = Target(format=target)
        try:
            made = plan(artifact.format, wish, self._machine.roster, samples=False)
        except FerryError as error:
            return _failed(error.fault, 0.0)
        journey = Journey(made, artifact, None, carrier)
        state = journey.travel()
        seconds = sum(step.seconds for step in journey.steps)
        report = report_of(journey, state, artifact.digest, seconds)
        if report["error"] is not None:
            return _failed(Fault.model_validate(report["error"]), seconds)
        return _made(report, seconds)


@contextmanager
def workshop() -> Iterator[Workshop]:
    """A machine with a fork server, lit as long as the block lasts."""
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="modelferry-coverage-"))
        )
        settings = local_settings().model_copy(update={"step_deadline": SECONDS})
        machine = Machine(settings, folder)
        runner = stack.enter_context(machine.lit(None))
        yield Workshop(folder, runner, machine)


def _row(architecture: Architecture, cells: dict[str, Cell], *, dynamic: bool) -> Row:
    return Row(
        family=architecture.family, source=architecture.source, dynamic=dynamic, cells=cells
    )


def _made(report: dict[str, Any], seconds: float) -> Cell:
    verified = report["verification"]
    errors = [each["max_rel"] for each in verified["outputs"]] if verified else []
    proven = report["proof"] == Proof.VERIFIED
    return Cell(
        proof=Proof.VERIFIED if proven else Proof.CONVERTED,
        max_rel=max((each for each in errors if each is not None), default=None),
        route=report["route"],
        reason=report["unverified"],
        seconds=round(seconds, 1),
    )


def _failed(fault: Fault, seconds: float) -> Cell:
    return Cell(
        proof=Proof.NONE,
        code=fault.code,
        node=fault.node,
        operator=fault.operator,
        reason=fault.detail[:LONGEST],
        seconds=round(seconds, 1),
    )


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:LONGEST]
