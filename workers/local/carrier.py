"""Carrier: one step at a time, in a folder and a child of its own, as a worker carries it out."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.domain.artifacts import Artifact
from shared.domain.errors import NoRoute
from shared.domain.gpus import Gpu
from shared.domain.jobs import needs_at
from shared.domain.lifecycle import Lease
from shared.domain.offers import Queue
from shared.domain.orders import ProgressNote
from shared.domain.outcomes import Outcome, Produced, Refused
from shared.domain.plans import Action, Convert
from shared.ports import Claimed, Runner, Usage
from shared.services.execute import order_for
from shared.services.folders import private_folder
from workers.local.files import File, described

Hear = Callable[[Action, ProgressNote | str], None]


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of an attempt, what it cost, and where."""

    outcome: Outcome
    usage: Usage
    gpu: Gpu | None = None


@dataclass
class Carrier:
    """Knows where every artifact lies.

    `folder` is for the outputs and, while they run, the steps; with `keep` their folders stay.
    """

    runner: Runner
    folder: Path
    gpus: Sequence[Gpu]
    hear: Hear
    stop: Callable[[], bool]
    keep: bool = False
    files: dict[str, Path] = field(default_factory=dict)
    _count: int = 0

    def know(self, file: File) -> Artifact:
        """Take note of where an artifact lies."""
        self.files[file.artifact.digest] = file.path
        return file.artifact

    def carry(
        self,
        action: Action,
        inputs: Mapping[str, Artifact],
        reports: Sequence[Mapping[str, Any]],
        route: tuple[Convert, ...] = (),
    ) -> Carried:
        """Make one attempt.

        Args:
            inputs: by role; all of them are known.
            reports: of the steps before it on its route.
            route: the converts that led to what a verification runs.

        Raises:
            OSError: there is no room for it.
        """
        gpu = None
        if action.queue is Queue.GPU:
            needs = needs_at(action, reports)
            gpu = next((each for each in self.gpus if needs.met_by(each)), None)
            if gpu is None:
                there = ", ".join(each.name for each in self.gpus) or "none"
                missing = NoRoute(f"The step needs {needs}; the GPUs here: {there}.")
                return Carried(Refused(missing.fault), Usage(seconds=0, peak_memory=0))
        lease = Lease("here", attempt=1, expires=datetime.max.replace(tzinfo=UTC))
        claimed = Claimed("here", "here", action, dict(inputs), lease, gpu, route)
        self._count += 1
        folder = self.folder / "steps" / f"{self._count}-{action.kind}"
        if self.keep:
            folder.mkdir(mode=0o700, parents=True)
            return self._run(claimed, folder)
        with private_folder(folder):
            return self._run(claimed, folder)

    def _run(self, claimed: Claimed, folder: Path) -> Carried:
        action = claimed.action
        order = order_for(claimed)
        for role, given in order.inputs.items():
            shutil.copyfile(self.files[claimed.inputs[role].digest], folder / given.path)
        outcome, usage = self.runner.run(
            order, folder, hear=lambda what: self.hear(action, what), stop=self.stop
        )
        if isinstance(outcome, Produced) and isinstance(action, Convert):
            kept = self._kept(folder / order.output, action.target)
            outcome = Produced(artifact=kept, report=outcome.report)
        return Carried(outcome, usage, claimed.gpu)

    def _kept(self, output: Path, format: str) -> Artifact:
        place = self.folder / f"output-{self._count}"
        if self.keep:
            place = output
        else:
            output.rename(place)
        return self.know(described(place, format))
