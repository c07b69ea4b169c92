"""BiasSoftmax: the softmax of x and a bias."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.flattening import flattened


@operator("BiasSoftmax")
def biassoftmax(x: Tensor, bias: Tensor, *, axis: int | None) -> Tensor:
    """Over all axes from `axis` on, as if they were one. The bias is broadcast to x."""
    return flattened(lambda each: each.softmax(-1), x + bias, 1 if axis is None else axis)
