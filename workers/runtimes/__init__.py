"""The formats that the fleet can run, by name."""

from workers.runtimes.base import Runtime
from workers.runtimes.onnx import OnnxRuntime

_ALL: tuple[type[Runtime], ...] = (OnnxRuntime,)

RUNTIMES: dict[str, Runtime] = {each.format.name: each() for each in _ALL}
