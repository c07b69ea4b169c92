"""ONNX to a TensorRT-RTX engine, built ahead of time without a GPU."""

from shared.domain.formats import ONNX, TENSORRT_RTX
from workers.converter import Bench, converter
from workers.runtimes.onnx import OnnxRuntime
from workers.tensorrt_bridge.builder import build
from workers.tensorrt_bridge.library import load
from workers.tensorrt_bridge.options import EngineOptions


@converter(
    ONNX,
    TENSORRT_RTX,
    options=EngineOptions,
    summary="Builds a portable engine for RTX GPUs, without one (TensorRT-RTX)",
    version=1,
    packages=("onnx",),
    libraries=("tensorrt-rtx",),
    memory=6.0,
    grace=3.0,
)
def convert(bench: Bench[EngineOptions]) -> None:
    """Compile all that needs no GPU; the user's finishes it when it first loads the engine."""
    signature = OnnxRuntime().inspect(bench.source, {}).signature
    build(bench, load("tensorrt-rtx"), signature)
