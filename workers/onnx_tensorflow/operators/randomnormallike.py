"""RandomNormalLike: normal numbers in the shape of a tensor."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.carriers import carrier
from workers.onnx_tensorflow.randomness import drawn


@operator("RandomNormalLike")
def randomnormallike(
    x: tf.Tensor, *, dtype: int | None, mean: float, scale: float, seed: float | None
) -> tf.Tensor:
    return drawn("normal", tf.shape(x), carrier(dtype) if dtype else x.dtype, (mean, scale), seed)
