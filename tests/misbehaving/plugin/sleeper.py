"""A builder of engines that only sleeps: for fleets whose GPUs are announced and not there."""

import json
import os
import shutil
import time
from pathlib import Path

from pydantic import Field

from shared.domain.engines import ENGINE_FILE
from shared.domain.formats import ONNX, TENSORRT
from shared.domain.gpus import ComputeCapability
from shared.domain.offers import Queue
from workers.converter import Bench, Options, converter


class Naps(Options):
    gpu: str | None = Field(default=None, description="Part of the name of the GPU.")
    compute_capability: ComputeCapability | None = Field(default=None, description="Of the GPU.")
    gpu_memory: int | None = Field(default=None, description="Bytes of the GPU's memory.")
    seconds: float = Field(default=0.0, description="How long the build takes.")
    first: float | None = Field(default=None, description="How long the first attempt takes.")
    label: str = Field(default="", description="Makes an engine of its own.")
    diary: str = Field(default="", description="A file that gets a line for each build.")


@converter(
    ONNX,
    TENSORRT,
    options=Naps,
    summary="Sleeps as long as it is told.",
    version=1,
    name="sleeper",
    packages=("tricks",),
    queue=Queue.GPU,
)
def convert(bench: Bench[Naps]) -> None:
    bench.target.mkdir()
    engine = bench.target / ENGINE_FILE
    engine.write_bytes(b"half an engine")
    seconds = bench.options.seconds
    if bench.options.diary:
        seconds = _wrote(bench)
    time.sleep(seconds)
    shutil.copy(bench.source, engine)
    if bench.options.diary:
        _write(bench, "ended")


def _wrote(bench: Bench[Naps]) -> float:
    """Note the beginning; how long this attempt takes."""
    is_first = not Path(bench.options.diary).exists()
    _write(bench, "began")
    first = bench.options.first
    return first if is_first and first is not None else bench.options.seconds


def _write(bench: Bench[Naps], what: str) -> None:
    """In one write, so that the lines of several processes do not mix."""
    line = {
        "what": what,
        "when": time.monotonic(),
        "pid": os.getpid(),
        "label": bench.options.label,
        "gpu": bench.gpu.uuid if bench.gpu else None,
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
    }
    with Path(bench.options.diary).open("ab", buffering=0) as file:
        file.write(json.dumps(line).encode() + b"\n")
