"""Unsqueeze: new axes of length one."""

from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual


@operator("Unsqueeze", since=1)
@textual
def unsqueeze_1(x: Tensor, *, axes: list[int]) -> Tensor:
    """The axes are an attribute."""
    return unsqueeze(x, axes)


@operator("Unsqueeze", since=13)
@textual
def unsqueeze(x: Tensor, axes: Ints) -> Tensor:
    """They are counted in the result."""
    rank = x.ndim + len(axes)
    for axis in sorted(each % rank for each in axes):
        x = x.unsqueeze(axis)
    return x
