"""RandomUniform: uniform numbers in a shape."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.carriers import carrier
from workers.onnx_tensorflow.randomness import drawn


@operator("RandomUniform")
def randomuniform(
    *, dtype: int, low: float, high: float, seed: float | None, shape: list[int]
) -> tf.Tensor:
    return drawn("uniform", shape, carrier(dtype), (low, high), seed)
