"""Identity: what it is given, a sequence or an optional, too."""

from typing import Any

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Stored


@operator("Identity")
def identity(x: Stored) -> Any:
    return x
