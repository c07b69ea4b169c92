"""Jobs: what was asked for, what is done, what came of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from modelferry.types.engines import Coverage, EngineView, Gpu
from modelferry.types.models import Fault

FINAL_STATES: Final = frozenset({"succeeded", "failed", "cancelled"})
"""The states in which a job stays."""


@dataclass(frozen=True, slots=True)
class Target:
    """A format's name and the options for getting there.

    `matrix` asks for one job for each combination of its values:
    `{"precision": ["fp16", "int8"], "gpu": ["H100", "L4"]}` is four.
    """

    format: str
    options: dict[str, Any] = field(default_factory=dict)
    matrix: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try at a step. `peak_memory` is in bytes, `seconds` is wall time.

    `gpu`: the device that it had for itself.
    """

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    fault: Fault | None = None
    peak_memory: int | None = None
    seconds: float | None = None
    gpu: Gpu | None = None


@dataclass(frozen=True, slots=True)
class OutputView:
    """An artifact that can be downloaded."""

    digest: str
    format: str
    size: int
    filename: str
    url: str


@dataclass(frozen=True, slots=True)
class StepView:
    """One action of the plan. `route` is -1 for the inspection, else an index of the plan's."""

    id: str
    round: int
    route: int
    position: int
    kind: str
    title: str
    state: str
    attempt: int
    reused: bool
    attempts: tuple[AttemptView, ...] = ()
    progress: float | None = None
    message: str | None = None
    output: OutputView | None = None
    report: dict[str, Any] | None = None
    fault: Fault | None = None
    ready_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RejectedRoute:
    """A route that was tried before the one that was taken, and why it was left."""

    route: str
    step: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Located:
    """Where a result leaves its source.

    `step` counts the route's converts from 0, of `steps`. `node`, `operator` and `module` are
    those of the model that the convert read; where more than one node may be it, `range` has the
    first and the last, and `why` the reason. Errors are the largest differences relative to the
    largest value, before the node and after it; `runs` parts of the model were compared. Where
    weights were put into a template the node is a layer, `counterpart` that of the result, and
    `cause` what differs between the two.
    """

    step: int
    steps: int
    converter: str
    node: str | None = None
    operator: str | None = None
    module: str | None = None
    counterpart: str | None = None
    cause: str | None = None
    error_before: float | None = None
    error_after: float | None = None
    runs: int = 0
    range: tuple[str, str] | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the job: the proof, the route taken, those that were not and why.

    `proof`: `verified`, `weights_compared` (every variable was, and no run was possible) or
    `converted_not_verified`.
    `unverified`: why nothing ran the result. `coverage`: what a check said. `engine`: of the
    TensorRT targets. `build`: what building it cost. `located`: where the first result that
    disagreed left its source, on whichever route.
    """

    proof: str | None
    route: str | None
    rejected: tuple[RejectedRoute, ...]
    declined: tuple[dict[str, str], ...]
    verification: dict[str, Any] | None
    seconds: float | None
    unverified: str | None = None
    coverage: Coverage | None = None
    engine: EngineView | None = None
    build: dict[str, Any] | None = None
    located: Located | None = None


@dataclass(frozen=True, slots=True)
class JobSummary:
    """A job in a list. `progress` runs from 0 to 1.

    The jobs of one request have the same `request`. `purpose` is `convert` or `check`. Texts
    among the `options` are cut after 200 characters; `Modelferry.job(id).view` has them whole.
    """

    id: str
    request: str
    tenant: str
    model_id: str
    model_name: str
    source: str
    target: str
    purpose: str
    options: dict[str, Any]
    priority: int
    state: str
    proof: str | None
    error: Fault | None
    progress: float
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def ended(self) -> bool:
        return self.state in FINAL_STATES


@dataclass(frozen=True, slots=True)
class JobView(JobSummary):
    """A job in full. `waiting_for` says what is missing when no worker can take a step."""

    plan: dict[str, Any]
    round: int
    steps: tuple[StepView, ...]
    report: Report
    output: OutputView | None
    waiting_for: str | None
    last_event: int


@dataclass(frozen=True, slots=True)
class ComparedView:
    """One job of a request beside the others.

    `options` are those in which the jobs differ, long texts cut. `size`, of what was made, and
    the memories are in bytes; `largest_error` is the largest absolute difference from the
    source. `measured`: how fast it ran, and ONNX Runtime on the same worker beside it.
    """

    job: str
    target: str
    options: dict[str, Any]
    state: str
    proof: str | None
    unverified: str | None
    error: str | None
    waiting_for: str | None
    route: str | None
    precision: str
    gpu: str | None
    size: int | None
    build_seconds: float | None
    peak_memory: int | None
    peak_device_memory: int | None
    largest_error: float | None
    measured: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class RequestView:
    """The jobs of one request, compared. `varied`: the options in which they differ."""

    id: str
    varied: tuple[str, ...]
    jobs: tuple[ComparedView, ...]


@dataclass(frozen=True, slots=True)
class EventView:
    """One row of a job's history. `seq` counts from 1 within the job, without gaps."""

    seq: int
    kind: str
    step_id: str | None
    data: dict[str, Any]
    at: datetime
