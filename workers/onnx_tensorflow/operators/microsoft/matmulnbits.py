"""MatMulNBits: the product with a matrix of 2, 4 or 8 bits, which has a scale for each block."""

import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator

BYTE = 8


@operator("MatMulNBits")
def matmulnbits(  # noqa: PLR0917 - ONNX Runtime's inputs
    a: tf.Tensor,
    b: tf.Tensor,
    scales: tf.Tensor,
    zeros: tf.Tensor | None = None,
    g_idx: tf.Tensor | None = None,
    bias: tf.Tensor | None = None,
    *,
    K: int,  # noqa: N803 - ONNX Runtime's names
    N: int,  # noqa: N803
    bits: int | None,
    block_size: int,
) -> tf.Tensor:
    """A is (..., K), B is (N, blocks, bytes of a block); zero points are packed likewise."""
    if g_idx is not None:
        raise CannotTranslate("has its blocks in an order of their own (g_idx)")
    width = bits or 4
    blocks = -(-K // block_size)
    values = tf.cast(_unpacked(tf.reshape(b, [N, blocks, -1]), width), scales.dtype)
    middle = tf.constant(1 << (width - 1), scales.dtype)
    if zeros is not None:
        packed = tf.reshape(zeros, [N, -1])
        whole = packed if packed.dtype.is_floating else _unpacked(packed, width)
        middle = tf.cast(whole[:, :blocks], scales.dtype)[..., tf.newaxis]
    weights = (values[..., :block_size] - middle) * tf.reshape(scales, [N, blocks, 1])
    flat = tf.cast(tf.reshape(weights, [N, -1])[:, :K], a.dtype)
    found = tf.matmul(a, flat, transpose_b=True)
    return found if bias is None else found + bias


def _unpacked(x: tf.Tensor, bits: int) -> tf.Tensor:
    """The integers of each byte along the last axis, lowest bits first."""
    wide = tf.cast(x, tf.int32)[..., tf.newaxis]
    parts = tf.bitwise.right_shift(wide, tf.range(0, BYTE, bits)) & ((1 << bits) - 1)
    return tf.reshape(parts, [*x.shape[:-1], -1])
