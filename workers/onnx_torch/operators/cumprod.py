"""CumProd: the product of all elements up to each."""

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_torch.cumulation import cumulated
from workers.onnx_torch.unsigned import wrapped


@operator("CumProd")
def cumprod(x: Tensor, axis: Number, *, exclusive: int, reverse: int) -> Tensor:
    """`exclusive` leaves out the element itself; `reverse` begins at the end."""
    return wrapped(lambda each: cumulated(torch.cumprod, each, axis, 1, exclusive, reverse), x)
