"""Identity: what it is given."""

from typing import Any

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Stored


@operator("Identity")
def identity(x: Stored) -> Any:
    """A tensor, a sequence or an optional."""
    return x
