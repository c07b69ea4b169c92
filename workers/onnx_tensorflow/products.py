"""Products: of matrices and vectors in every type and rank that ONNX knows."""

from typing import Any

from workers.onnx_tensorflow.widening import through


def matmul(a: Any, b: Any) -> Any:
    """As numpy's: vectors count as a row or a column, and stacks are broadcast."""
    import tensorflow as tf

    if a.shape.rank == 1 and b.shape.rank == 1:
        return tf.squeeze(_product(a[tf.newaxis], b[:, tf.newaxis]), [0, 1])
    if a.shape.rank == 1:
        return tf.squeeze(_product(a[tf.newaxis], b), -2)
    if b.shape.rank == 1:
        return tf.squeeze(_product(a, b[:, tf.newaxis]), -1)
    return _product(a, b)


def _product(a: Any, b: Any) -> Any:
    """TensorFlow has no kernels for small and unsigned integers."""
    import tensorflow as tf

    if a.dtype.is_integer and a.dtype not in (tf.int32, tf.int64):
        return through(tf.int64, tf.matmul, a, b)
    return tf.matmul(a, b)


def centred_rows(a: Any, zero: Any | None) -> Any:
    """Integers as int32, without their zero point, of which each row may have its own."""
    import tensorflow as tf

    wide = tf.cast(a, tf.int32)
    return wide if zero is None else wide - per_row(tf.cast(zero, tf.int32))


def per_row(vector: Any) -> Any:
    """One number for each row as a column; one for all as it is."""
    import tensorflow as tf

    return vector if vector.shape.rank != 1 else tf.expand_dims(vector, -1)


def integer_product(a: Any, b: Any, a_zero: Any | None, b_zero: Any | None) -> Any:
    """Of quantised matrices without their zero points, as int32. b's are by column."""
    import tensorflow as tf

    other = tf.cast(b, tf.int32)
    if b_zero is not None:
        other -= tf.cast(b_zero, tf.int32)
    return matmul(centred_rows(a, a_zero), other)


def turned(x: Any, *, transposed: bool, batched: bool) -> Any:
    """The last two axes swapped, if `transposed`; before that, if `batched`, the first one
    moved to where rows are."""
    import tensorflow as tf

    rank = x.shape.rank
    order = list(range(rank))
    if batched and rank > 2:  # noqa: PLR2004 - a matrix has no batch
        order = [*order[1:-1], 0, rank - 1]
    if transposed and rank > 1:
        order[-2:] = order[-1], order[-2]
    return x if order == list(range(rank)) else tf.transpose(x, order)
