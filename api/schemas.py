"""Schemas: what requests carry, and lists. Single things are in `shared.domain.views`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.compatibility import Described, Version
from shared.domain.engines import Manifest
from shared.domain.jobs import JobState
from shared.domain.offers import ConverterOffer
from shared.domain.targets import Target
from shared.domain.views import (
    EventView,
    JobSummary,
    JobView,
    ModelView,
    RouteView,
    WorkerView,
)

MOST_SEQ = (1 << 31) - 1
LONGEST_WAIT = 60

Name = Annotated[str, Field(min_length=1, max_length=255, description="The file's name.")]
Format = Annotated[
    str | None,
    Field(None, min_length=1, max_length=64, description="What it is, where that is ambiguous."),
]
Limit = Annotated[int, Field(50, ge=1, le=200, description="Most items of this page.")]
Cursor = Annotated[
    str | None, Field(None, max_length=512, description="`next_cursor` of the page before.")
]
After = Annotated[
    int | None,
    Field(
        None,
        ge=0,
        le=MOST_SEQ,
        description="The last `seq` that is known.",
    ),
]
Wait = Annotated[
    float,
    Field(
        0,
        ge=0,
        le=LONGEST_WAIT,
        allow_inf_nan=False,
        description="Seconds to wait for the next event, or the end; ask again with its `seq`.",
    ),
]


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UploadRequest(_Asked):
    """An upload to come. `size` is in bytes; `digest` is that of the whole, where it is known."""

    name: Name
    size: int = Field(ge=0, le=1 << 62)
    digest: str | None = Field(None, pattern="^sha256:[0-9a-f]{64}$")
    format: Format


class ModelQuery(_Asked):
    name: Name
    format: Format


class ModelsQuery(_Asked):
    format: Format
    limit: Limit
    cursor: Cursor


Samples = Annotated[
    str | None, Field(None, max_length=64, description="The id of uploaded samples.")
]


class JobRequest(_Asked):
    """One model to one or more targets; each combination of each target is a job of its own."""

    model_id: str = Field(max_length=64, description="The id of an uploaded model.")
    targets: tuple[Target, ...] = Field(
        min_length=1, max_length=16, description="With all their matrices, 64 jobs at most."
    )
    priority: int = Field(5, ge=0, le=9, description="Higher is sooner.")
    samples: Samples


class CheckRequest(_Asked):
    """What a target would cover of a model. The target has no matrix."""

    target: Target
    samples: Samples


class CompatibilityRequest(_Asked):
    """An engine, by its manifest or by the job that built it, and where it is to run."""

    manifest: Manifest | None = None
    job_id: str | None = Field(None, max_length=64, description="Instead of a manifest.")
    gpu: Described
    library: Version | None = Field(None, description="TensorRT's version there, in full.")
    cuda: Version | None = Field(None, description="The version of CUDA there.")


class JobsQuery(_Asked):
    state: JobState | None = None
    model_id: str | None = Field(None, max_length=64)
    target: str | None = Field(None, min_length=1, max_length=64)
    limit: Limit
    cursor: Cursor


class WaitQuery(_Asked):
    """A long poll: answered at the first event behind `after`, at the job's end or in time."""

    wait: Wait
    after: After


class EventsQuery(_Asked):
    after: After
    limit: Annotated[int, Field(500, ge=1, le=500, description="Most events of this answer.")]


class DownloadQuery(_Asked):
    redirect: bool = Field(default=True, description="False: never send to a signed URL.")


class RoutesQuery(_Asked):
    source: Format
    target: Format


class _Answered(BaseModel):
    model_config = ConfigDict(frozen=True)


class ModelPage(_Answered):
    items: tuple[ModelView, ...]
    next_cursor: str | None


class JobPage(_Answered):
    items: tuple[JobSummary, ...]
    next_cursor: str | None


class Jobs(_Answered):
    """In the order of the request's targets and their matrices; `request` compares them."""

    request: str
    jobs: tuple[JobView, ...]


class Events(_Answered):
    items: tuple[EventView, ...]


class Logs(_Answered):
    """Each item's `data.lines` has lines of output. Ask on with `after=last_seq` until `ended`."""

    items: tuple[EventView, ...]
    last_seq: int
    ended: bool


class FormatView(_Answered):
    """A node of the conversion graph."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    layout: Literal["file", "tree"]
    portable: bool


class Formats(_Answered):
    items: tuple[FormatView, ...]


class Routes(_Answered):
    items: tuple[RouteView, ...]


class Converters(_Answered):
    items: tuple[ConverterOffer, ...]


class Workers(_Answered):
    items: tuple[WorkerView, ...]


class Alive(_Answered):
    alive: Literal[True] = True


class Readiness(_Answered):
    """Each part, and what is wrong with it; null where it is well."""

    ready: bool
    parts: dict[str, str | None]
