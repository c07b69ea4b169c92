"""Range: numbers at equal distances."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Range")
def range_(start: tf.Tensor, limit: tf.Tensor, delta: tf.Tensor) -> tf.Tensor:
    """Each is worked out from its place, so that errors do not add up."""
    if start.dtype.is_integer:
        wide = [tf.cast(tf.reshape(each, []), tf.int64) for each in (start, limit, delta)]
        return tf.cast(tf.range(*wide), start.dtype)
    first, last, step = (
        tf.cast(tf.reshape(each, []), tf.float64) for each in (start, limit, delta)
    )
    count = tf.cast(tf.maximum(tf.math.ceil((last - first) / step), 0), tf.int32)
    return tf.cast(first + tf.cast(tf.range(count), tf.float64) * step, start.dtype)
