"""TensorRT engines, run on the kind of GPU that built them."""

from typing import ClassVar

from shared.domain.formats import TENSORRT, Format
from workers.runtimes.engine import EngineRuntime
from workers.tensorrt_bridge import library


class TensorrtRuntime(EngineRuntime):
    """Wants the TensorRT that built the engine."""

    format: ClassVar[Format] = TENSORRT
    libraries: ClassVar[tuple[str, ...]] = (library.TENSORRT,)
