"""Faults: what a failed parse or build means, as an error with a code."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shared.domain.errors import (
    DeviceMemoryExceeded,
    FerryError,
    InvalidModel,
    InvalidOptions,
    InvalidProfile,
    MemoryExceeded,
    StepRefused,
    UnsupportedOperator,
)
from shared.domain.gpus import GIB
from workers.tensorrt_bridge.gaps import BROKEN, Fault, kind_mentioned, mentioned, reason
from workers.tensorrt_bridge.library import Library
from workers.tensorrt_bridge.options import EngineOptions

NO_ROOM: Final = re.compile(
    r"out of memory|OutOfMemory|cudaErrorMemoryAllocation|Requested amount of GPU memory",
    re.IGNORECASE,
)
NO_SCRATCH: Final = re.compile(r"insufficient workspace|exceeds? .*workspace", re.IGNORECASE)
LAYER: Final = re.compile(r"Could not find any implementation for node|\bI\w+Layer ")
PROFILE: Final = re.compile(
    r"violate shape constraints|in profile \d+|[Oo]ptimization profile|shape checks? failed"
)
LEAN: Final = "libnvinfer_lean"
HOST_MEMORY: Final = "bad_alloc"

ON_A_GPU: Final = {
    "refittable": "a refittable engine",
    "weight_stripped": "an engine without its weights",
}
"""What TensorRT-RTX needs a GPU for."""


def refusal(library: Library, faults: Sequence[Fault]) -> FerryError:
    """The error that says what the parser found wrong: the first fault, and how many more."""
    if not faults:
        return InvalidModel(f"{library.title} cannot read the model, and does not say why.")
    first = faults[0]
    if first.code == "MEM_ALLOC_FAILED":
        return MemoryExceeded(f"{library.title} has no memory left to read the model.")
    if first.code in BROKEN:
        return InvalidModel(
            f"{library.title} finds the ONNX graph broken: {first.reason}",
            node=first.node or None,
            operator=first.operator or None,
        )
    more = f" Nodes that are not taken: {len(faults)}." if len(faults) > 1 else ""
    hint = f" {first.hint}" if first.hint else ""
    return UnsupportedOperator(
        f"{library.title} does not take {first.operator} (node {first.node!r}):"
        f" {first.reason}{hint}{more}",
        node=first.node,
        operator=first.operator,
    )


def failure(
    library: Library, options: EngineOptions, errors: Sequence[str], path: Path
) -> FerryError:
    """The error for a build of the ONNX file at `path` that ended without an engine.

    Args:
        errors: what was logged.
    """
    text = "\n".join(errors)
    last = reason(errors[0]) if errors else "it does not say why."
    return (
        _of_memory(library, options, text, last)
        or _of_options(library, options, text)
        or _of_model(library, text, last, path)
        or StepRefused(f"{library.title} built no engine: {last}")
    )


def _of_memory(
    library: Library, options: EngineOptions, text: str, last: str
) -> FerryError | None:
    if HOST_MEMORY in text:
        return MemoryExceeded(f"{library.title} has no memory left to build the engine.")
    if NO_ROOM.search(text) or NO_SCRATCH.search(text):
        return DeviceMemoryExceeded(_no_room(library, options, text, last), field="workspace")
    return None


def _of_options(library: Library, options: EngineOptions, text: str) -> FerryError | None:
    if option := _needs_gpu(library, options, text):
        return InvalidOptions(
            f"{library.title} needs a GPU to build {ON_A_GPU[option]}, and this step has none."
            f" Leave {option!r} out, or build a `tensorrt` engine.",
            field=option,
        )
    if options.version_compatible and LEAN in text:
        return InvalidOptions(
            f"{library.title} on this worker has no lean runtime, which a version compatible"
            " engine carries. Leave 'version_compatible' out.",
            field="version_compatible",
        )
    return None


def _of_model(library: Library, text: str, last: str, path: Path) -> FerryError | None:
    if PROFILE.search(text):
        return InvalidProfile(f"{library.title} refuses the shapes: {last}", field="shapes")
    found = mentioned(path, text) if LAYER.search(text) else kind_mentioned(path, text)
    if not found:
        return None
    node, operator = found
    return UnsupportedOperator(
        f"{library.title} cannot build {operator} (node {node!r}): {last}",
        node=node,
        operator=operator,
    )


def _needs_gpu(library: Library, options: EngineOptions, text: str) -> str | None:
    if not library.rtx or "CUDA" not in text:
        return None
    return next((each for each in ON_A_GPU if getattr(options, each)), None)


def _no_room(library: Library, options: EngineOptions, text: str, last: str) -> str:
    limit = options.workspace
    used = f"a workspace of at most {limit} bytes" if limit else "no limit on the workspace"
    if NO_SCRATCH.search(text) and limit:
        cure = "Allow a larger 'workspace'."
    else:
        cure = (
            f"Set a 'workspace' below {limit / GIB:.3g} GiB,"
            if limit
            else "Set a limit with 'workspace',"
        ) + " lower the largest 'shapes', or ask for a GPU with more memory ('gpu_memory')."
    return f"{library.title} ran out of GPU memory, with {used}: {last} {cure}"
