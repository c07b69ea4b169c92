"""ONNX to a Triton model repository, served by ONNX Runtime."""

import shutil
from pathlib import Path
from typing import Literal

from pydantic import Field

from shared.domain.formats import ONNX, TRITON
from shared.domain.offers import Fidelity
from workers.converter import Bench, converter
from workers.onnx_files.external import locations
from workers.onnx_files.protos import read_proto
from workers.runtimes.onnx import OnnxRuntime
from workers.triton_bridge.assemble import assemble
from workers.triton_bridge.config import Backend
from workers.triton_bridge.options import TritonOptions


class OnnxToTriton(TritonOptions):
    backend: Literal["onnxruntime"] | None = Field(
        None,
        description="What serves the model: `onnxruntime` runs everywhere, `tensorrt` is faster"
        " and tied to a kind of GPU.",
    )


@converter(
    ONNX,
    TRITON,
    options=OnnxToTriton,
    summary="A Triton model repository, served by ONNX Runtime",
    version=1,
    packages=("onnx", "onnxruntime", "tritonclient"),
    memory=2.0,
    fidelity=Fidelity.EXACT,
)
def convert(bench: Bench[OnnxToTriton]) -> None:
    """Copy the file, or the folder that it is with its external data, and describe it."""
    bench.say("reading the model's inputs and outputs", progress=0.1)
    signature = OnnxRuntime().inspect(bench.source, {}).signature
    files = sorted(locations(read_proto(bench.source)))

    def place(version: Path) -> None:
        model = version / "model.onnx"
        if not files:
            shutil.copyfile(bench.source, model)
            return
        model.mkdir()  # Triton: a model of several files is a folder of this name
        shutil.copyfile(bench.source, model / "model.onnx")
        for each in files:
            (model / each).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(bench.source.parent / each, model / each)

    assemble(bench, signature, Backend("onnxruntime", "onnxruntime_onnx"), place)
