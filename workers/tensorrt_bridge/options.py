"""Options: what a user may ask of an engine. A precision is asked of the graph, not of this."""

from typing import Literal

from pydantic import Field

from shared.domain.engines import Hardware, Range
from shared.domain.gpus import ComputeCapability
from workers.converter import Options

Profiling = Literal["none", "names", "detailed"]


class EngineOptions(Options):
    """Of both kinds of engines."""

    shapes: dict[str, Range] = Field(
        default_factory=dict,
        description="Smallest, usual and largest shape of each input by name (values, for an"
        " input that is itself a shape): a wide range costs speed, since the engine is tuned for"
        " the usual one and must have memory for the largest.",
    )
    optimization_level: int = Field(
        3,
        ge=0,
        le=5,
        description="How hard the builder looks for the fastest engine: each level more may"
        " double the time of the build, 5 may take hours, 0 builds a slow engine at once.",
    )
    workspace: int | None = Field(
        None,
        ge=1 << 20,
        description="Bytes of GPU memory that one layer may use as scratch room, the whole of it"
        " when unset: a low limit keeps fast kernels out, and may leave a layer with none.",
    )
    version_compatible: bool = Field(
        default=False,
        description="Build an engine that later versions of the library can load, too: it is"
        " larger, some kernels are out of its reach, and it runs only where its code is trusted.",
    )
    refittable: bool = Field(
        default=False,
        description="Let the weights be replaced later without a new build: what depends on their"
        " values cannot be folded, which costs speed.",
    )
    weight_stripped: bool = Field(
        default=False,
        description="Leave the weights out: the engine is small, and must be refitted with those"
        " of the ONNX model before it can run.",
    )
    tf32: bool = Field(
        default=False,
        description="Let float32 products be rounded to 10 bits, which is faster from Ampere on:"
        " it costs about three decimal digits of precision.",
    )
    sparsity: bool = Field(
        default=False,
        description="Use sparse kernels for weights of which two in four are zero: the build"
        " takes longer to look, and other weights gain nothing.",
    )
    max_aux_streams: int | None = Field(
        None,
        ge=0,
        le=64,
        description="Further streams on which parts of the engine may run side by side, as the"
        " builder likes when unset: each costs memory, 0 uses the least.",
    )
    profiling: Profiling = Field(
        "names",
        description="How much the engine tells of its layers: `detailed` makes it larger and shows"
        " tactics and formats, `none` hides even the names.",
    )


class TensorrtOptions(EngineOptions):
    """Of engines that a GPU builds for itself."""

    hardware: Hardware = Field(
        "none",
        description="Which other GPUs the engine shall run on, besides its own kind: all of its"
        " compute capability at a small cost in speed, all since Ampere at a larger one.",
    )
    gpu: str | None = Field(
        None,
        min_length=1,
        max_length=80,
        description="Build on a GPU of this name (`H200`, `RTX 4090`): the job waits until a"
        " worker has one.",
    )
    compute_capability: ComputeCapability | None = Field(
        None,
        description="Build on a GPU of this compute capability (`8.9`): the job waits until a"
        " worker has one.",
    )
    gpu_memory: int | None = Field(
        None,
        ge=1,
        description="Build on a GPU with at least so many bytes of memory: the job waits until a"
        " worker has one.",
    )
