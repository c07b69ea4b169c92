"""Momentum: a step that goes on in the direction of those before it."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.optimizing import in_order, parted


@operator("Momentum")
def momentum(
    rate: tf.Tensor,
    count: tf.Tensor,
    *tensors: tf.Tensor,
    alpha: float,
    beta: float,
    mode: str,
    norm_coefficient: float,
) -> tuple[tf.Tensor, ...]:
    """Tensors, gradients and momenta, of as many tensors as there are."""
    made = []
    current = tf.where(count > 0, tf.cast(beta, rate.dtype), tf.ones([], rate.dtype))
    for x, gradient, before in parted(tensors, 3):
        regular = norm_coefficient * x + gradient
        after = alpha * before + current * regular
        step = regular + alpha * after if mode == "nesterov" else after
        made.append((x - rate * step, after))
    return in_order(made)
