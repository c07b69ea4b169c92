"""Floor: the next integer downwards."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Floor", elementwise=True)
def floor(x: tf.Tensor) -> tf.Tensor:
    return tf.floor(x)
