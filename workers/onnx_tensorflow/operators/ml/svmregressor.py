"""SVMRegressor: a weighted sum over how alike a row is to support vectors."""

import numpy as np
import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.kernels import alike
from workers.onnx_tensorflow.scoring import transformed


@operator("SVMRegressor")
def svm_regressor(
    x: tf.Tensor,
    *,
    coefficients: list[float],
    kernel_params: list[float] | None,
    kernel_type: str,
    n_supports: int,
    one_class: int,
    post_transform: str,
    rho: list[float],
    support_vectors: list[float] | None,
) -> tf.Tensor:
    """float32, (rows, 1). Without support vectors the coefficients are those of the features."""
    rows = tf.cast(x, tf.float32)
    factors = np.asarray(coefficients, np.float32)[None]
    if n_supports:
        vectors = np.asarray(support_vectors, np.float32).reshape(n_supports, -1)
        rows = alike(rows, vectors, kernel_type, kernel_params)
    scores = tf.linalg.matmul(rows, factors, transpose_b=True) + rho[0]
    if one_class:
        return tf.where(scores > 0, 1.0, -1.0)
    return transformed(scores, post_transform)
