"""Lookups: where the elements of a tensor are in a table of keys."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf


def found(x: tf.Tensor, keys: Sequence[Any]) -> tf.Tensor:
    """For each element whether each key is it; NaN is NaN. Shape (*x.shape, keys)."""
    table = tf.constant(np.asarray(keys).tolist(), x.dtype)
    same = tf.equal(x[..., None], table)
    if x.dtype.is_floating:
        same |= tf.math.is_nan(x)[..., None] & tf.math.is_nan(table)
    return same


def looked_up(x: tf.Tensor, keys: Sequence[Any], values: tf.Tensor, default: Any) -> tf.Tensor:
    """The value of each element's key, the last where it is there twice; else the default."""
    if not len(keys):
        return tf.fill(tf.shape(x), tf.constant(default, values.dtype))
    same = tf.cast(found(x, keys), tf.int32)
    place = len(keys) - 1 - tf.argmax(tf.reverse(same, [-1]), axis=-1, output_type=tf.int32)
    there = tf.reduce_max(same, axis=-1) > 0
    return tf.where(there, tf.gather(values, place), tf.constant(default, values.dtype))
