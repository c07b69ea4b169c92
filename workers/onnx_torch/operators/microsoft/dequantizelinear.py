"""DequantizeLinear: ONNX's own, in ONNX Runtime's domain for types that ONNX's had not."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.granularity import spread
from workers.onnx_torch.quantizing import dequantized, number


@operator("DequantizeLinear")
def dequantizelinear(
    x: Tensor, scale: Tensor, zero: Tensor | None = None, *, axis: int | None
) -> Tensor:
    """By tensor or by axis."""
    along = 1 if axis is None else axis
    moved = None if zero is None else spread(number(zero), x, along, None)
    return dequantized(x, spread(number(scale), x, along, None), moved).to(scale.dtype)
