"""MulInteger: the product of quantized tensors element by element, in int32."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("MulInteger")
def mulinteger(
    a: Tensor, a_zero: Tensor | None, b: Tensor, b_zero: Tensor | None = None
) -> Tensor:
    """Broadcast to each other, each less its zero point."""
    one, other = a.to(torch.int32), b.to(torch.int32)
    one = one if a_zero is None else one - a_zero.to(torch.int32)
    return one * (other if b_zero is None else other - b_zero.to(torch.int32))
