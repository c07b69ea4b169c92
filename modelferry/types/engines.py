"""Engines and the GPUs that they are for."""

from dataclasses import dataclass, field
from typing import Any

from modelferry.types.models import Tensor


@dataclass(frozen=True, slots=True)
class Gpu:
    """One device. `memory` is in bytes; `driver` is the version of the NVIDIA driver."""

    uuid: str
    name: str
    compute_capability: str
    memory: int
    driver: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A node that a target does not cover. `hint`: what to try."""

    node: str
    operator: str
    reason: str
    version: int | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Subgraph:
    """A connected part of the graph, which is covered as a whole or not."""

    supported: bool
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a target covers. `by`: who says so; `nodes` counts those of the graph."""

    target: str
    supported: bool
    by: str
    nodes: int
    covered: int
    subgraphs: tuple[Subgraph, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """The shapes that one input of an engine takes; it is tuned for `opt`."""

    min: tuple[int, ...]
    opt: tuple[int, ...]
    max: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The identity of an engine. `library` is the version of TensorRT; `size` is in bytes.

    `source` is the digest of the ONNX model that was built; `gpu` is None for an engine built
    ahead of time. `values` names the inputs of which a range is of values, not of shapes.
    """

    format: str
    digest: str
    size: int
    library: str
    precision: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    source: str
    bindings: str | None = None
    cuda: str | None = None
    driver: str | None = None
    gpu: Gpu | None = None
    hardware: str = "none"
    version_compatible: bool = False
    refittable: bool = False
    weight_stripped: bool = False
    flags: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    profiles: tuple[dict[str, Range], ...] = ()
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineView:
    """An engine's manifest, and how it came about.

    `model` is the digest of the model that was uploaded, `route` the converters from there,
    `verification` the report of the run against it.
    """

    manifest: Manifest
    model: str
    route: str
    verification: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an engine does not run somewhere. `code` is stable."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """What would have to be known to say more. `code` is stable."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Compatibility:
    """`runs` is None where nothing speaks against it, but not all that matters is known."""

    runs: bool | None
    reasons: tuple[Reason, ...] = ()
    unknown: tuple[Unknown, ...] = ()
