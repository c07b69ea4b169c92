"""Engines: what a TensorRT engine is, told by the manifest that lies beside it.

The artifact of an engine is a zip of `model.engine` and `manifest.json`.
"""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.artifacts import Digest
from shared.domain.gpus import Gpu
from shared.domain.signatures import Tensor

ENGINE_FILE: Final = "model.engine"
MANIFEST_FILE: Final = "manifest.json"

Hardware = Literal["none", "ampere+", "same-compute-capability"]
"""Beyond the GPU that built it: no other kind, every one since Ampere, every one of its
compute capability."""

Shape = tuple[int, ...]


class Range(BaseModel):
    """The shapes that one input of an engine takes; it is tuned for `opt`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: Shape
    opt: Shape
    max: Shape


Profile = dict[str, Range]
"""An optimization profile: a range for each input, by name."""


class Manifest(BaseModel):
    """The identity of an engine.

    `library` is the version of TensorRT (or TensorRT-RTX) that built it, which alone can load
    it unless it is `version_compatible`. `gpu` is None for an engine built ahead of time.
    `source` is the digest of the ONNX model that was built. `flags` are the builder's, by
    their TensorRT names. `size` is in bytes. The `profiles` are ranges of shapes, but for the
    inputs that `values` names: those are shapes themselves, and the ranges are of their values.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["tensorrt", "tensorrt-rtx"]
    digest: Digest
    size: int
    library: str
    bindings: str | None = None
    cuda: str | None = None
    driver: str | None = None
    gpu: Gpu | None = None
    hardware: Hardware = "none"
    version_compatible: bool = False
    refittable: bool = False
    weight_stripped: bool = False
    precision: str
    flags: tuple[str, ...] = ()
    options: dict[str, Any] = Field(default_factory=dict)
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    profiles: tuple[Profile, ...] = ()
    values: tuple[str, ...] = ()
    source: Digest
