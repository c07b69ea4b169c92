"""Imputer: other values where one is missing."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Imputer")
def imputer(
    x: tf.Tensor,
    *,
    imputed_value_floats: list[float] | None,
    imputed_value_int64s: list[int] | None,
    replaced_value_float: float,
    replaced_value_int64: int,
) -> tf.Tensor:
    """One value for all, or one for each feature of the last axis."""
    if x.dtype.is_floating:
        missing = (
            tf.math.is_nan(x)
            if replaced_value_float != replaced_value_float  # noqa: PLR0124 - only NaN is unlike itself
            else tf.equal(x, tf.cast(replaced_value_float, x.dtype))
        )
        return tf.where(missing, tf.constant(imputed_value_floats, x.dtype), x)
    missing = tf.equal(x, tf.cast(replaced_value_int64, x.dtype))
    return tf.where(missing, tf.constant(imputed_value_int64s, x.dtype), x)
