"""Optional: a value, or none."""

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator


@operator("Optional")
def optional(x: Raw | None = None) -> Raw | None:
    """An optional is its value; an empty one is None."""
    return x
