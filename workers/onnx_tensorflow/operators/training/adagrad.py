"""Adagrad: a step against the gradient, the smaller the more a tensor has moved."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.optimizing import in_order, parted


@operator("Adagrad")
def adagrad(
    rate: tf.Tensor,
    count: tf.Tensor,
    *tensors: tf.Tensor,
    decay_factor: float,
    epsilon: float,
    norm_coefficient: float,
) -> tuple[tf.Tensor, ...]:
    """Tensors, gradients and squared gradients, of as many tensors as there are."""
    made = []
    current = rate / (1 + tf.cast(count, rate.dtype) * decay_factor)
    for x, gradient, squares in parted(tensors, 3):
        regular = norm_coefficient * x + gradient
        added = squares + regular * regular
        made.append((x - current * regular / (tf.sqrt(added) + epsilon), added))
    return in_order(made)
