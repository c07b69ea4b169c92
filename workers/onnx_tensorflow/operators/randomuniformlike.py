"""RandomUniformLike: uniform numbers in the shape of a tensor."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.carriers import carrier
from workers.onnx_tensorflow.randomness import drawn


@operator("RandomUniformLike")
def randomuniformlike(
    x: tf.Tensor, *, dtype: int | None, low: float, high: float, seed: float | None
) -> tf.Tensor:
    return drawn("uniform", tf.shape(x), carrier(dtype) if dtype else x.dtype, (low, high), seed)
