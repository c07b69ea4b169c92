"""Identity: its input, of whatever type."""

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator


@operator("Identity", elementwise=True)
def identity(x: Raw) -> Raw:
    """A tensor, a sequence or an optional."""
    return x
