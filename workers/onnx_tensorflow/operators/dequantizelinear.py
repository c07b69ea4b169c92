"""DequantizeLinear: (x - zero point) * scale."""

import numpy as np
import tensorflow as tf

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.carriers import carried, carrier
from workers.onnx_tensorflow.layout import Laid, Stored, canonical
from workers.onnx_tensorflow.quantising import spread

MOST = 1 << 24
"""Elements of a weight up to which it is worked out once, on the host: kernels want floats."""


@operator("DequantizeLinear", since=10)
def dequantizelinear(
    x: Stored,
    scale: Stored,
    zero_point: Stored | None = None,
    *,
    axis: int | None,
    block_size: int | None,
    output_dtype: int | None,
    node: Node,
) -> Laid:
    """Along axis 1 unless said. The type is told, or the scale's."""
    place = 1 if axis is None else axis
    told = output_dtype or node.output_dtypes[0]
    wanted = carrier(told) if told else scale.dtype
    known = [each.array is not None for each in (x, scale, zero_point) if each is not None]
    if all(known) and x.array.size <= MOST and x.order == canonical(x.rank):
        return _on_the_host(x, scale, zero_point, place, block_size, wanted)
    factor = spread(scale, x, place, block_size)
    wide = tf.float64 if factor.dtype == tf.float64 else tf.float32
    whole = tf.cast(x.tensor, wide)
    if zero_point is not None:
        whole -= tf.cast(spread(zero_point, x, place, block_size), wide)
    return x.like(tf.cast(whole * tf.cast(factor, wide), wanted))


def _on_the_host(  # noqa: PLR0917 - the operator's own inputs
    x: Laid, scale: Laid, zero: Laid | None, axis: int, block: int | None, wanted: tf.DType
) -> Laid:
    def wide(each: Laid) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        array = carried(each.array).astype(np.float64)
        if array.size == 1:
            return array.reshape(())
        if block:
            long = np.repeat(array, block, axis)
            return np.take(long, range(x.array.shape[axis]), axis)
        return array.reshape([-1 if place == axis % x.rank else 1 for place in range(x.rank)])

    whole = carried(x.array).astype(np.float64)
    if zero is not None:
        whole = whole - wide(zero)
    return Laid(None, array=(whole * wide(scale)).astype(wanted.as_numpy_dtype), name=x.name)
