"""QLinearConcat: quantised tensors one after the other, quantised anew."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, canonical
from workers.onnx_tensorflow.requantising import real, requantised


@operator("QLinearConcat")
def qlinearconcat(y_scale: tf.Tensor, y_zero: tf.Tensor, *parts: Stored, axis: int) -> Laid:
    """Each part comes with its own scale and zero point. In the first odd layout."""
    told = parts[::3]
    order = next((x.order for x in told if x.order != canonical(x.rank)), told[0].order)
    plain = [
        real(x.at(order).tensor, scale.plain, zero.plain)
        for x, scale, zero in zip(told, parts[1::3], parts[2::3], strict=True)
    ]
    place = order.index(axis % len(order))
    return Laid(requantised(tf.concat(plain, place), y_scale, y_zero, y_zero.dtype), order)
