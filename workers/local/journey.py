"""Journey: a plan from its inspection to its end, step by step, as the service folds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.domain.artifacts import Artifact
from shared.domain.faults import Fault
from shared.domain.gpus import Gpu
from shared.domain.jobs import (
    INSPECTION,
    JobState,
    Materials,
    Place,
    action_at,
    inputs_at,
    progress,
    route_at,
)
from shared.domain.lifecycle import Move, State, moved
from shared.domain.outcomes import Agreed, Disagreed, Outcome, Produced, Refused, fault_of, verdict
from shared.domain.plans import Action, Plan
from workers.local.carrier import Carrier

MOST_ATTEMPTS: Final = 3
"""At one step, when the machine is at fault."""


@dataclass
class Step:
    """One action, and what became of it. `seconds` and `peak_memory`, in bytes, of its last
    attempt."""

    place: Place
    action: Action
    state: State = State.WAITING
    attempts: int = 0
    seconds: float = 0.0
    peak_memory: int = 0
    gpu: Gpu | None = None
    output: Artifact | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    fault: Fault | None = None


class Journey:
    """All steps that were opened, in their order."""

    def __init__(
        self,
        plan: Plan,
        source: Artifact,
        samples: Artifact | None,
        carrier: Carrier,
        template: Artifact | None = None,
    ) -> None:
        self.plan = plan
        self.steps: list[Step] = []
        self._source = source
        self._samples = samples
        self._extras = () if template is None else (template,)
        self._carrier = carrier

    def travel(self) -> JobState:
        """Do what is due until nothing is: how the job ended.

        Raises:
            OSError: the disk has no room for a step.
        """
        self._open(INSPECTION)
        while True:
            due = progress(self.plan, [(step.place, step.state) for step in self.steps])
            for place in due.drop:
                self._move(self._at(place), Move.CANCEL)
            if due.open is not None:
                self._open(due.open)
            elif due.unblock is not None:
                self._work(self._at(due.unblock))
            else:
                return due.state

    def on_route(self, route: int) -> list[Step]:
        """Its steps in their order."""
        return [step for step in self.steps if step.place.route == route]

    def _open(self, route: int) -> None:
        count = 1 if route == INSPECTION else len(self.plan.routes[route].actions)
        places = [Place(route, position) for position in range(count)]
        self.steps += [Step(place, action_at(self.plan, place)) for place in places]

    def _at(self, place: Place) -> Step:
        return next(step for step in self.steps if step.place == place)

    def _move(self, step: Step, move: Move) -> None:
        step.state = moved(step.state, move)

    def _work(self, step: Step) -> None:
        before = [
            each
            for each in self.on_route(step.place.route)
            if each.place.position < step.place.position
        ]
        outputs = {each.place.position: each.output for each in before if each.output}
        given = Materials(self._source, self._samples, self._extras, outputs)
        inputs = inputs_at(self.plan, step.place, given)
        self._move(step, Move.UNBLOCK)
        while step.state is State.READY:
            if self._carrier.stop():
                self._move(step, Move.CANCEL)
                return
            self._move(step, Move.CLAIM)
            carried = self._carrier.carry(
                step.action,
                inputs,
                [each.report for each in before],
                route_at(self.plan, step.place),
            )
            step.attempts += 1
            step.seconds = round(carried.usage.seconds, 3)
            step.peak_memory = carried.usage.peak_memory
            step.gpu = carried.gpu
            self._take_down(step, carried.outcome)
            self._move(step, verdict(carried.outcome, MOST_ATTEMPTS - step.attempts))

    def _take_down(self, step: Step, outcome: Outcome) -> None:
        step.fault = fault_of(outcome)
        if isinstance(outcome, Produced):
            step.output = outcome.artifact
        if isinstance(outcome, Produced | Agreed | Disagreed | Refused):
            step.report = outcome.report
