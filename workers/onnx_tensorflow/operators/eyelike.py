"""EyeLike: ones on a diagonal."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.carriers import carrier
from workers.onnx_tensorflow.extents import lengths


@operator("EyeLike")
def eye_like(x: tf.Tensor, *, dtype: int | None, k: int) -> tf.Tensor:
    """In the tensor's own dtype unless said."""
    rows, columns = lengths(x)
    on = tf.range(columns)[None, :] - tf.range(rows)[:, None] == k
    return tf.cast(on, carrier(dtype) if dtype else x.dtype)
