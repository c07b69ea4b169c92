"""QuantizeLinear: x / scale + zero point, rounded and held in the range of few bits."""

from onnx import TensorProto
from torch import Tensor

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_torch.dtypes import TORCH
from workers.onnx_torch.granularity import spread
from workers.onnx_torch.quantizing import number, quantized


@operator("QuantizeLinear")
def quantizelinear(
    x: Tensor,
    scale: Tensor,
    zero: Tensor | None = None,
    *,
    axis: int | None,
    block_size: int | None,
    output_dtype: int | None,
    precision: int | None,
    saturate: int | None,
    node: Node,
) -> Tensor:
    """By tensor, by axis or by block. The division is done in `precision`, or as the scale is."""
    along = 1 if axis is None else axis
    by = spread(number(scale) if scale.dtype.itemsize == 1 else scale, x, along, block_size)
    if precision:
        x, by = x.to(TORCH[precision]), by.to(TORCH[precision])
    moved = None if zero is None else spread(number(zero), x, along, block_size)
    to = output_dtype or (node.input_dtypes[2] if zero is not None else TensorProto.UINT8)
    return quantized(x / by, moved, to or node.output_dtypes[0] or 0, saturate)
