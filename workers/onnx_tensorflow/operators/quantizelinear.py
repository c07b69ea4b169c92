"""QuantizeLinear: x / scale + zero point, as integers."""

import tensorflow as tf

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.quantising import quantised, spread

UINT8 = 2


@operator("QuantizeLinear", since=10)
def quantizelinear(
    x: Stored,
    scale: Stored,
    zero_point: Stored | None = None,
    *,
    axis: int | None,
    block_size: int | None,
    output_dtype: int | None,
    saturate: int | None,
    node: Node,
) -> Laid:
    """Along axis 1 unless said. The type is the zero point's, or told, or uint8."""
    place = 1 if axis is None else axis
    factor = spread(scale, x, place, block_size)
    zero = None if zero_point is None else spread(zero_point, x, place, block_size)
    told = node.input_dtypes[2] if zero_point is not None else None
    dtype = told or output_dtype or node.output_dtypes[0] or UINT8
    wide = tf.float64 if factor.dtype == tf.float64 else tf.float32
    scaled = tf.cast(x.tensor, wide) / tf.cast(factor, wide)
    return x.like(quantised(scaled, zero, dtype, saturate=saturate != 0))
