"""HardSwish: x * max(0, min(1, x / 6 + 1 / 2))."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("HardSwish", elementwise=True)
def hardswish(x: tf.Tensor) -> tf.Tensor:
    return x * tf.nn.relu6(x + 3) * (1 / 6)
