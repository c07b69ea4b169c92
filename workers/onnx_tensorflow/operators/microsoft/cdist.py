"""com.microsoft.CDist: the distance of each row of one matrix from each of another."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("CDist")
def cdist(a: tf.Tensor, b: tf.Tensor, *, metric: str | None) -> tf.Tensor:
    """Squared, unless `metric` is euclidean."""
    squares = tf.reduce_sum(tf.math.squared_difference(a[:, None], b[None]), axis=-1)
    return tf.sqrt(squares) if metric == "euclidean" else squares
