"""The formats that the fleet can run, by name."""

from workers.runtimes.base import Runtime
from workers.runtimes.onnx import OnnxRuntime
from workers.runtimes.pt2 import Pt2Runtime
from workers.runtimes.torchscript import TorchscriptRuntime

_ALL: tuple[type[Runtime], ...] = (
    OnnxRuntime,
    Pt2Runtime,
    TorchscriptRuntime,
)

RUNTIMES: dict[str, Runtime] = {each.format.name: each() for each in _ALL}
