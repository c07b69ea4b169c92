"""Optional: a tensor or sequence that may be left out."""

from typing import Any

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Stored


@operator("Optional")
def optional(x: Stored | None = None) -> Any:
    """What it is given, or None."""
    return x
