"""ONNX to a TensorRT engine, built by the GPU that it is for."""

from shared.domain.formats import ONNX, TENSORRT
from shared.domain.offers import Queue
from workers.converter import Bench, converter
from workers.runtimes.onnx import OnnxRuntime
from workers.tensorrt_bridge.builder import build
from workers.tensorrt_bridge.library import load
from workers.tensorrt_bridge.options import TensorrtOptions


@converter(
    ONNX,
    TENSORRT,
    options=TensorrtOptions,
    summary="Builds an engine for the GPU that builds it (TensorRT)",
    version=1,
    packages=("onnx",),
    libraries=("tensorrt",),
    memory=6.0,
    queue=Queue.GPU,
    grace=3.0,
    timed=True,
)
def convert(bench: Bench[TensorrtOptions]) -> None:
    """Time kernels on the device that the step has for itself, and keep the fastest."""
    signature = OnnxRuntime().inspect(bench.source, {}).signature
    build(bench, load("tensorrt"), signature, timed=True)
