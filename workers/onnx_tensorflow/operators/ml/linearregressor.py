"""LinearRegressor: weighted sums of features."""

import numpy as np
import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.scoring import transformed


@operator("LinearRegressor")
def linear_regressor(
    x: tf.Tensor,
    *,
    coefficients: list[float],
    intercepts: list[float] | None,
    post_transform: str,
    targets: int,
) -> tf.Tensor:
    """As float32; (rows, targets)."""
    weights = np.asarray(coefficients, np.float32).reshape(targets, -1)
    scores = tf.linalg.matmul(tf.cast(x, tf.float32), weights, transpose_b=True)
    scores = scores + tf.constant(intercepts, tf.float32) if intercepts else scores
    return transformed(scores, post_transform)
