"""QuantizeLinear: ONNX's own, in ONNX Runtime's domain for types that ONNX's had not."""

from onnx import TensorProto
from torch import Tensor

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_torch.granularity import spread
from workers.onnx_torch.quantizing import number, quantized


@operator("QuantizeLinear")
def quantizelinear(
    x: Tensor, scale: Tensor, zero: Tensor | None = None, *, axis: int | None, node: Node
) -> Tensor:
    """By tensor or by axis."""
    along = 1 if axis is None else axis
    moved = None if zero is None else spread(number(zero), x, along, None)
    to = node.input_dtypes[2] if zero is not None else TensorProto.UINT8
    return quantized(x / spread(scale, x, along, None), moved, to or TensorProto.UINT8)
