"""What the service answers. Names, fields and meanings are those of its OpenAPI document.

A field that is newer than this client is ignored; one that is missing is a `BadAnswer`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

FINAL_STATES: Final = frozenset({"succeeded", "failed", "cancelled"})
"""The states in which a job stays."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something failed. `node` and `operator` are the source model's own names."""

    code: str
    band: str
    detail: str
    field: str | None = None
    node: str | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input or output. `dtype` is numpy's name; a dimension that may vary is no number."""

    name: str
    dtype: str
    shape: tuple[int | str | None, ...] | None
    upper: int | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known about a model before it is run."""

    format: str
    signature: Signature
    parameters: int
    operators: dict[str, int] = field(default_factory=dict)
    producer: str | None = None
    opset: int | None = None


@dataclass(frozen=True, slots=True)
class ModelView:
    """An uploaded source. `size` is in bytes; `inspection` comes with its first job."""

    id: str
    digest: str
    format: str
    name: str
    size: int
    created_at: datetime
    inspection: Inspection | None = None


@dataclass(frozen=True, slots=True)
class PartView:
    number: int
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class UploadView:
    """An upload under way. Part numbers start at 1; every part but the last is `part_size`."""

    id: str
    name: str
    size: int
    part_size: int
    state: str
    parts: tuple[PartView, ...]
    expires_at: datetime
    model_id: str | None = None


@dataclass(frozen=True, slots=True)
class ArrayView:
    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SamplesView:
    """Inputs given for verification; the first axis of each array counts samples."""

    id: str
    digest: str
    size: int
    arrays: tuple[ArrayView, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A format's name and the options for getting there."""

    format: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try at a step. `peak_memory` is in bytes, `seconds` is wall time."""

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    fault: Fault | None = None
    peak_memory: int | None = None
    seconds: float | None = None


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
class Report:
    """What became of the job: the proof, the route taken, those that were not and why."""

    proof: str | None
    route: str | None
    rejected: tuple[RejectedRoute, ...]
    declined: tuple[dict[str, str], ...]
    verification: dict[str, Any] | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class JobSummary:
    """A job in a list. `progress` runs from 0 to 1."""

    id: str
    tenant: str
    model_id: str
    model_name: str
    source: str
    target: str
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
class EventView:
    """One row of a job's history. `seq` counts from 1 within the job, without gaps."""

    seq: int
    kind: str
    step_id: str | None
    data: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class ConverterOffer:
    """An edge of the graph. `options` is the JSON Schema of its options."""

    name: str
    version: int
    source: str
    target: str
    summary: str
    options: dict[str, Any]
    fidelity: int
    queue: str = "cpu"
    asked_by: str | None = None
    memory: float = 3.0
    toolchain: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuntimeOffer:
    format: str
    toolchain: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """All that one worker can do. `memory` is in bytes; `slots` is how many steps at once."""

    worker: str
    host: str
    queues: tuple[str, ...]
    slots: int
    memory: int
    converters: tuple[ConverterOffer, ...]
    runtimes: tuple[RuntimeOffer, ...]
    isolation: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A worker that announced itself. `online`: heard from within the last lease term."""

    id: str
    offer: Offer
    online: bool
    started_at: datetime
    seen_at: datetime
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True)
class RouteView:
    """A chain of converters. `online`: workers for every step of it are there now."""

    source: str
    target: str
    converters: tuple[str, ...]
    verified: bool
    online: bool


@dataclass(frozen=True, slots=True)
class FormatView:
    """One way of writing a model down. `layout` is `file` or `tree` (a folder)."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    layout: str
    portable: bool
