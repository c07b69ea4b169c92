"""QuantizeLinear: ONNX's own, in ONNX Runtime's domain for types that ONNX's had not."""

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.operators.quantizelinear import quantizelinear


@operator("QuantizeLinear")
def quantizelinear_(
    x: Stored, scale: Stored, zero: Stored | None = None, *, axis: int | None, node: Node
) -> Laid:
    """By tensor or by axis."""
    made: Laid = quantizelinear(
        x, scale, zero, axis=axis, block_size=None, output_dtype=None, saturate=1, node=node
    )
    return made
