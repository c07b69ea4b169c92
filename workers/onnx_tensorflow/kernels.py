"""Kernels: how alike rows and support vectors are."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from workers.onnx_graph.refusals import CannotTranslate


def alike(
    x: tf.Tensor, vectors: NDArray[np.float32], kind: str, params: list[float] | None
) -> tf.Tensor:
    """(rows, vectors). `params` are gamma, coef0 and degree."""
    gamma, offset, degree = params or [0.0, 0.0, 0.0]
    dots = tf.linalg.matmul(x, vectors, transpose_b=True)
    match kind:
        case "LINEAR":
            return dots
        case "POLY":
            return tf.pow(gamma * dots + offset, degree)
        case "SIGMOID":
            return tf.tanh(gamma * dots + offset)
        case "RBF":
            apart = tf.reduce_sum(tf.math.squared_difference(x[:, None], vectors[None]), axis=-1)
            return tf.exp(-gamma * apart)
        case _:
            raise CannotTranslate(f"knows no kernel_type {kind!r}")
