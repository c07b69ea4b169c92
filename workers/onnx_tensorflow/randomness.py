"""Randomness: numbers drawn anew at every call, or from a seed."""

from typing import Any, Literal


def drawn(
    kind: Literal["normal", "uniform"],
    shape: Any,
    dtype: Any,
    told: tuple[float, float],
    seed: float | None,
) -> Any:
    """Normal numbers by mean and deviation, or uniform ones between two bounds."""
    import tensorflow as tf

    whole = None if seed is None else int(seed)
    wide = tf.float64 if dtype == tf.float64 else tf.float32
    if kind == "normal":
        found = tf.random.normal(shape, *told, wide, whole)
    else:
        found = tf.random.uniform(shape, *told, wide, whole)
    return tf.cast(found, dtype)
