"""Gemm: alpha * A @ B + beta * C."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.broadcasting import placed
from workers.onnx_tensorflow.layout import Stored, laid
from workers.onnx_tensorflow.widening import integers_through


@operator("Gemm", since=7)
def gemm(
    a: tf.Tensor,
    b: Stored,
    c: tf.Tensor | None = None,
    *,
    alpha: float,
    beta: float,
    transA: int,  # noqa: N803 - ONNX's name
    transB: int,  # noqa: N803 - ONNX's name
) -> tf.Tensor:
    """A weight that is to be transposed is so at once: TensorFlow keeps it the other way round."""
    if transB:
        b = laid(b.at((1, 0)).tensor)

    def product(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        return tf.matmul(x, y, transpose_a=bool(transA))

    found = integers_through(product, a, b.plain)
    if alpha != 1:
        found = _scaled(found, alpha)
    if c is None:
        return found
    if beta != 1:
        c = _scaled(c, beta)
    return tf.nn.bias_add(found, c) if c.shape.rank == 1 and _is_bias(found, c) else found + c


@operator("Gemm", since=1)
def gemm_1(
    a: tf.Tensor,
    b: Stored,
    c: tf.Tensor,
    *,
    alpha: float,
    beta: float,
    transA: int,  # noqa: N803 - ONNX's name
    transB: int,  # noqa: N803 - ONNX's name
    broadcast: int | None,
) -> tf.Tensor:
    """With broadcasting of the old kind."""
    c = placed(c, a, None, broadcast)
    return gemm(a, b, c, alpha=alpha, beta=beta, transA=transA, transB=transB)


def _scaled(x: tf.Tensor, by: float) -> tf.Tensor:
    if x.dtype.is_integer:
        return tf.cast(tf.cast(x, tf.float64) * by, x.dtype)
    return x * tf.cast(by, x.dtype)


def _is_bias(found: tf.Tensor, c: tf.Tensor) -> bool:
    return c.dtype.is_floating and c.shape[0] == found.shape[-1] and c.shape[0] is not None
