"""TensorRT-RTX engines, which the GPU that runs them finishes compiling."""

from typing import ClassVar

from shared.domain.formats import TENSORRT_RTX, Format
from workers.runtimes.engine import EngineRuntime
from workers.tensorrt_bridge import library


class TensorrtRtxRuntime(EngineRuntime):
    """Wants the TensorRT-RTX that built the engine."""

    format: ClassVar[Format] = TENSORRT_RTX
    libraries: ClassVar[tuple[str, ...]] = (library.TENSORRT_RTX,)
