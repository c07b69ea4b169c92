"""A job has no life of its own: what it is, and what comes next, is read off its steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, assert_never

from shared.domain.artifacts import Artifact
from shared.domain.findings import findings
from shared.domain.formats import FORMATS, ONNX, TENSORRT, TENSORRT_RTX, TORCHSCRIPT
from shared.domain.gpus import ANY, Gpu, Needs, exactly
from shared.domain.lifecycle import State
from shared.domain.offers import Queue
from shared.domain.plans import Action, Check, Convert, Inspect, Plan, Verify

INSPECTION = -1
"""The route number of the inspect step, which comes before all routes."""

TEMPLATE: Final = "template"
"""The role of the model that a transplant fills, and the option that names it."""

MAPPING: Final = "mapping"
"""The option that says which variable is which: a known family, or the text of a mapping file."""

ROLES: Final = ("source", "reference", "candidate", "beside", "samples", TEMPLATE)
EXTRA: Final = "extra-"
STEP: Final = "step-"
"""What a convert of the route wrote, by its number, where a verification has it to look at."""

ENGINES: Final = frozenset({TENSORRT.name, TENSORRT_RTX.name})
"""What only a GPU runs."""


class JobState(StrEnum):
    """Where a job is."""

    QUEUED = "queued"  # waits for a worker to take its next step
    RUNNING = "running"  # a worker has one of its steps
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the plan a step stands: its route (INSPECTION before all), then its position."""

    route: int
    position: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What is due after a step has moved. At most one step becomes ready at a time."""

    state: JobState
    unblock: Place | None = None  # waiting -> ready
    drop: tuple[Place, ...] = ()  # waiting -> cancelled: an earlier step of the route failed
    open: int | None = None  # the route whose steps are to be written, all of them waiting


def action_at(plan: Plan, place: Place) -> Action:
    """What the plan says is done there."""
    if place.route == INSPECTION:
        return plan.inspect
    return plan.routes[place.route].actions[place.position]


def route_at(plan: Plan, place: Place) -> tuple[Convert, ...]:
    """The converts that led to what a verification runs; nothing for other steps."""
    if not isinstance(action_at(plan, place), Verify):
        return ()
    return plan.routes[place.route].converts


@dataclass(frozen=True, slots=True)
class Materials:
    """What a job's steps work on.

    `outputs` are what the steps of the route at hand have written, by position; `extras` the
    template that a transplant fills, where the plan has one, and the further models of a
    repository.
    """

    source: Artifact
    samples: Artifact | None = None
    extras: tuple[Artifact, ...] = ()
    outputs: Mapping[int, Artifact] = field(default_factory=dict)


def inputs_at(plan: Plan, place: Place, given: Materials) -> dict[str, Artifact]:
    """The inputs of a step by role, in the order in which they go into its fingerprint."""
    action = action_at(plan, place)
    written = [given.outputs[each] for each in sorted(given.outputs) if each < place.position]
    here = written[-1] if written else given.source
    samples = {"samples": given.samples} if given.samples else {}
    match action:
        case Inspect():
            return {"source": given.source} | samples
        case Convert():
            silent = action.source == TORCHSCRIPT.name  # its file does not say its inputs
            converts = plan.routes[place.route].converts
            filled = int(_fills(converts[0]))
            template = given.extras[:filled] if action == converts[0] else ()
            extras = given.extras[filled:] if action == converts[-1] else ()
            return (
                {"source": here}
                | (samples if silent or action.samples else {})
                | dict(zip([TEMPLATE], template, strict=False))
                | {f"{EXTRA}{number}": each for number, each in enumerate(extras)}
            )
        case Check():
            return {"source": here}
        case Verify():
            start = given.source if action.after is None else written[action.after]
            ends = {"reference": start, "candidate": here}
            beside = _beside(action, written)
            also = {} if beside is None else {"beside": written[beside]}
            between = {
                f"{STEP}{at}": written[at]
                for at in _between(action, len(written))
                if at != beside and _runs(action, written[at])
            }
            return ends | also | between | samples
        case _:
            assert_never(action)


def _fills(convert: Convert) -> bool:
    """Whether a template is its second input."""
    return convert.transplant and convert.options.get(TEMPLATE) is not None


def _beside(action: Verify, written: Sequence[Artifact]) -> int | None:
    """Which convert wrote the ONNX model that an engine was built from."""
    onnx = [at for at, each in enumerate(written[:-1]) if each.format == ONNX.name]
    return onnx[-1] if onnx and action.queue is Queue.GPU else None


def _between(action: Verify, count: int) -> range:
    """The numbers of the converts whose results lie between the two that are verified."""
    return range(0 if action.after is None else action.after + 1, count - 1)


def _runs(action: Verify, written: Artifact) -> bool:
    """Whether the worker that verifies can run this, too."""
    known = FORMATS.get(written.format)
    on_gpu = written.format in ENGINES
    return known is not None and not known.unrunnable and (not on_gpu or action.queue is Queue.GPU)


def order_of(role: str) -> tuple[int, int]:
    """Where an input of that role stands among a step's inputs, as `inputs_at` has them."""
    if role.startswith(EXTRA):
        return len(ROLES), int(role.removeprefix(EXTRA))
    if role.startswith(STEP):
        return ROLES.index("beside"), 1 + int(role.removeprefix(STEP))
    return (ROLES.index(role) if role in ROLES else len(ROLES) + 1), 0


def needs_at(action: Action, reports: Sequence[Mapping[str, Any]]) -> Needs:
    """What a step needs of a GPU. `reports` are those of the route's steps before it.

    An engine that is tied to its GPU is verified on the same kind of device.
    """
    if isinstance(action, Inspect | Check):
        return ANY
    if isinstance(action, Verify) and action.queue is Queue.GPU:
        built_on = [gpu for report in reports if (gpu := gpu_of(report)) is not None]
        if built_on:
            return exactly(built_on[-1])
    return action.needs


def gpu_of(report: Mapping[str, Any]) -> Gpu | None:
    """The device that built what the report tells of; None where it was built without one."""
    manifest = findings(report).manifest
    return manifest.gpu if manifest else None


def progress(plan: Plan, steps: Sequence[tuple[Place, State]]) -> Progress:
    """What comes next, from the plan and the steps written so far (of the current round).

    The inspect step stands alone; routes are opened one after the other: the next one only
    when a step of the one before has failed, and none that begins with all that led
    there. A cancelled step, unless it was dropped behind a failed one, cancels the job; while a
    step runs, nothing is due.
    """
    rows = sorted(steps)
    if any(state is State.RUNNING for _, state in rows):
        return Progress(JobState.RUNNING)
    route = max(place.route for place, _ in rows)
    current = [(place, state) for place, state in rows if place.route == route]
    states = {state for _, state in current}
    waiting = tuple(place for place, state in current if state is State.WAITING)
    if State.FAILED in states:
        failed = next(place for place, state in current if state is State.FAILED)
        return _after_failure(plan, failed, waiting)
    if State.CANCELLED in states:
        return Progress(JobState.CANCELLED, drop=waiting)
    if states == {State.DONE}:
        inspected = route == INSPECTION
        return Progress(JobState.QUEUED, open=0) if inspected else Progress(JobState.SUCCEEDED)
    due = None if State.READY in states else waiting[0]
    return Progress(JobState.QUEUED, unblock=due)


def _after_failure(plan: Plan, failed: Place, waiting: tuple[Place, ...]) -> Progress:
    following = None if failed.route == INSPECTION else _next_route(plan, failed)
    if following is None:
        return Progress(JobState.FAILED, drop=waiting)
    return Progress(JobState.QUEUED, drop=waiting, open=following)


def _next_route(plan: Plan, failed: Place) -> int | None:
    """The first behind it that would not come to the same step by the same ones."""
    led = slice(failed.position + 1)
    tried = plan.routes[failed.route].actions[led]
    later = range(failed.route + 1, len(plan.routes))
    return next((each for each in later if plan.routes[each].actions[led] != tried), None)
