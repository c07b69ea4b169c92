"""DequantizeLinear: (x - zero point) * scale."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.dtypes import TORCH
from workers.onnx_torch.granularity import spread
from workers.onnx_torch.quantizing import dequantized, number


@operator("DequantizeLinear")
def dequantizelinear(
    x: Tensor,
    scale: Tensor,
    zero: Tensor | None = None,
    *,
    axis: int | None,
    block_size: int | None,
    output_dtype: int | None,
) -> Tensor:
    """By tensor, by axis or by block; in the type of the scale, unless another is asked for."""
    along = 1 if axis is None else axis
    by = spread(number(scale), x, along, block_size)
    moved = None if zero is None else spread(number(zero), x, along, block_size)
    plain = torch.float32 if scale.dtype.itemsize == 1 else scale.dtype
    return dequantized(x, by, moved).to(TORCH[output_dtype] if output_dtype else plain)
