"""Adam: a step against the mean of the gradients, by the root of their mean square."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.optimizing import in_order, parted


@operator("Adam")
def adam(
    rate: tf.Tensor,
    count: tf.Tensor,
    *tensors: tf.Tensor,
    alpha: float,
    beta: float,
    epsilon: float,
    norm_coefficient: float,
    norm_coefficient_post: float,
) -> tuple[tf.Tensor, ...]:
    """Tensors, gradients, their means and mean squares, of as many tensors as there are."""
    made = []
    times = tf.cast(count, rate.dtype)
    begun = tf.sqrt(1 - tf.pow(beta, times)) / (1 - tf.pow(alpha, times))
    current = tf.where(count > 0, rate * begun, rate)
    for x, gradient, mean, square in parted(tensors, 4):
        regular = norm_coefficient * x + gradient
        first = alpha * mean + (1 - alpha) * regular
        second = beta * square + (1 - beta) * regular * regular
        moved = x - current * first / (tf.sqrt(second) + epsilon)
        made.append(((1 - norm_coefficient_post) * moved, first, second))
    return in_order(made)
