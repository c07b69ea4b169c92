"""RandomNormal: normal numbers in a shape."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.carriers import carrier
from workers.onnx_tensorflow.randomness import drawn


@operator("RandomNormal")
def randomnormal(
    *, dtype: int, mean: float, scale: float, seed: float | None, shape: list[int]
) -> tf.Tensor:
    return drawn("normal", shape, carrier(dtype), (mean, scale), seed)
