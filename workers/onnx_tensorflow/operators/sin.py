"""Sin: the sine of an angle in radians."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Sin", elementwise=True)
def sin(x: tf.Tensor) -> tf.Tensor:
    return tf.sin(x)
