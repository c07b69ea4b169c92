"""StringSplit: words cut into parts, and how many each has."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import lengths, shape_of


@operator("StringSplit")
def string_split(
    x: tf.Tensor, *, delimiter: str | None, maxsplit: int | None
) -> tuple[tf.Tensor, tf.Tensor]:
    """At white space unless said; shorter rows are filled up with empty parts."""
    most = -1 if maxsplit is None else maxsplit
    parts = tf.strings.split(tf.reshape(x, [-1]), sep=delimiter or None, maxsplit=most)
    if not delimiter:  # TensorFlow counts the nothing behind the last part as one
        parts = tf.ragged.boolean_mask(parts, tf.not_equal(parts, ""))
    sizes = lengths(x)
    rows = parts.to_tensor(default_value="")
    counts = tf.reshape(tf.cast(parts.row_lengths(), tf.int64), shape_of(sizes))
    return tf.reshape(rows, shape_of([*sizes, tf.shape(rows)[1]])), counts
