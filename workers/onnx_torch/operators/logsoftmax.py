"""LogSoftmax: the logarithm of the softmax."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.flattening import flattened


@operator("LogSoftmax", since=1)
def logsoftmax_1(x: Tensor, *, axis: int) -> Tensor:
    """Over all axes from that one on, as if they were one."""
    return flattened(lambda each: each.log_softmax(-1), x, axis)


@operator("LogSoftmax", since=13)
def logsoftmax(x: Tensor, *, axis: int) -> Tensor:
    """Along one axis."""
    return x.log_softmax(axis)
