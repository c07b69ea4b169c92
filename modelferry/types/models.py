"""Models, and what belongs to them: uploads, signatures, samples; and what went wrong."""

from dataclasses import dataclass, field
from datetime import datetime


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
