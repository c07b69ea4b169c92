"""com.microsoft.ExpandDims: a new axis of length one."""

from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator


@operator("ExpandDims")
def expand_dims(x: Tensor, axis: Number) -> Tensor:
    """Counted in the result."""
    return x.unsqueeze(int(axis))
