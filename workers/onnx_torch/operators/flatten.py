"""Flatten: two axes of many."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual


@operator("Flatten")
@textual
def flatten(x: Tensor, *, axis: int) -> Tensor:
    """Those before `axis` become the first, the others the second; either may be none."""
    axis = axis + x.ndim if axis < 0 else axis
    if axis == 0:
        return x.reshape(1, -1)
    if axis == x.ndim:
        return x.reshape(-1, 1)
    last = x.flatten(axis)
    return last.flatten(0, axis - 1) if axis > 1 else last
