"""Views: what can be asked of the service, as it answers. The API's response bodies."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.coverage import Coverage
from shared.domain.engines import Manifest
from shared.domain.faults import Fault
from shared.domain.gpus import Gpu
from shared.domain.jobs import JobState
from shared.domain.lifecycle import State
from shared.domain.locations import Located
from shared.domain.offers import Offer
from shared.domain.plans import Plan, Proof
from shared.domain.signatures import Inspection


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelView(_View):
    """An uploaded source. `size` is in bytes; `inspection` comes with its first job."""

    id: str
    digest: str
    format: str
    name: str
    size: int
    created_at: datetime
    inspection: Inspection | None = None


class PartView(_View):
    number: int
    size: int
    digest: str


class UploadView(_View):
    """An upload under way. Part numbers start at 1; every part but the last is `part_size`."""

    id: str
    name: str
    size: int
    part_size: int
    state: Literal["open", "completed", "aborted"]
    parts: tuple[PartView, ...]
    model_id: str | None = None
    expires_at: datetime


class ArrayView(_View):
    """One array of an .npz. `dtype` is numpy's name."""

    name: str
    dtype: str
    shape: tuple[int, ...]


class SamplesView(_View):
    """Inputs that a user gave for verification; the first axis of each array counts samples."""

    id: str
    digest: str
    size: int
    arrays: tuple[ArrayView, ...]


class AttemptView(_View):
    """One try at a step. `peak_memory` is in bytes, `seconds` is wall time in the child.

    `gpu`: the device that it had for itself.
    """

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    fault: Fault | None
    peak_memory: int | None
    seconds: float | None
    gpu: Gpu | None = None


class OutputView(_View):
    """Where a step's artifact is to be had."""

    digest: str
    format: str
    size: int
    filename: str
    url: str


class StepView(_View):
    """One action of the plan. `route` is -1 for the inspection, else an index of the plan's.

    The `report` of a step that puts weights into a template has in `mapping` every variable of
    both sides and what became of it, and in `mapping_file` the same as YAML, to be edited and
    sent as the option `mapping`; also where the step has failed.
    """

    id: str
    round: int
    route: int
    position: int
    kind: str
    title: str
    state: State
    progress: float | None
    message: str | None
    attempt: int
    attempts: tuple[AttemptView, ...]
    reused: bool
    output: OutputView | None
    report: dict[str, Any] | None
    fault: Fault | None
    ready_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None


class RejectedRoute(_View):
    """A route that was tried before the one that was taken, and why it was left."""

    route: str
    step: str
    fault: Fault


class EngineView(_View):
    """An engine's manifest, and how it came about.

    `model` is the digest of the model that was uploaded, `route` the converters from there,
    `verification` the report of the run against it; None where there was none.
    """

    manifest: Manifest
    model: str
    route: str
    verification: dict[str, Any] | None


class Report(_View):
    """What became of the job: the proof, the route taken, those that were not and why.

    `proof`: `verified`, source and result were run and agree; `weights_compared`, the source is
    weights alone, which nothing can run, and every variable was compared;
    `converted_not_verified`, neither.
    `unverified`: why nothing ran the result. `coverage`: what a check said. `engine`: of the
    TensorRT targets. `build`: what building it cost. `located`: where the first result that
    disagreed left its source, on whichever route.
    """

    proof: Proof | None
    unverified: str | None = None
    coverage: Coverage | None = None
    engine: EngineView | None = None
    build: dict[str, Any] | None = None
    route: str | None
    rejected: tuple[RejectedRoute, ...]
    declined: tuple[dict[str, str], ...]
    verification: dict[str, Any] | None
    located: Located | None = None
    seconds: float | None


class JobSummary(_View):
    """A job in a list. The jobs of one request have the same `request`.

    Texts among its `options` are cut after 200 characters, a mapping file say, and end with "…"
    then; the job in full has them whole.
    """

    id: str
    request: str
    tenant: str
    model_id: str
    model_name: str
    source: str
    target: str
    purpose: Literal["convert", "check"]
    options: dict[str, Any]
    priority: int
    state: JobState
    proof: Proof | None
    error: Fault | None
    progress: float = Field(ge=0, le=1)
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class JobView(JobSummary):
    """A job in full.

    `waiting_for` says what is missing when no worker on line can take its ready step, or a GPU
    step that is to follow.
    """

    plan: Plan
    round: int
    steps: tuple[StepView, ...]
    report: Report
    output: OutputView | None
    waiting_for: str | None
    last_event: int


class EventView(_View):
    """One row of a job's history. `seq` counts from 1 within the job, without gaps."""

    seq: int
    kind: str
    step_id: str | None
    data: dict[str, Any]
    at: datetime


class WorkerView(_View):
    """A worker that announced itself. `online`: heard from within the last lease term."""

    id: str
    offer: Offer
    online: bool
    started_at: datetime
    seen_at: datetime
    stopped_at: datetime | None


class RouteView(_View):
    """A chain of converters. `online`: workers for every step of it are there now."""

    source: str
    target: str
    converters: tuple[str, ...]
    verified: bool
    online: bool


class ComparedView(_View):
    """One job of a request beside the others.

    `options` are those in which the jobs differ, long texts cut. `gpu` is the name of
    the one that built the engine. `size`, of what was made, and the memories are in bytes;
    `largest_error` is the largest absolute difference from the source. `measured`: how fast it
    ran, and ONNX Runtime on the same worker beside it.
    """

    job: str
    target: str
    options: dict[str, Any]
    state: JobState
    proof: Proof | None
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


class RequestView(_View):
    """The jobs of one request, compared. `varied`: the options in which they differ."""

    id: str
    varied: tuple[str, ...]
    jobs: tuple[ComparedView, ...]
