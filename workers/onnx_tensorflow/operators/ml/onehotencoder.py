"""OneHotEncoder: an axis of its own for a category."""

import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.lookups import found


@operator("OneHotEncoder")
def one_hot_encoder(
    x: tf.Tensor, *, cats_int64s: list[int] | None, cats_strings: list[str] | None, zeros: int
) -> tf.Tensor:
    """float32; nothing is on for what is no category."""
    if not zeros and not x.shape.is_fully_defined():
        raise CannotTranslate(
            "is to fail for what is no category, which a graph cannot",
            hint="Set its attribute zeros to 1.",
        )
    table = cats_strings if x.dtype == tf.string else cats_int64s
    values = x if x.dtype == tf.string else tf.cast(x, tf.int64)
    made = tf.cast(found(values, table or []), tf.float32)
    if not zeros:
        tf.debugging.assert_equal(tf.reduce_sum(made, axis=-1), 1.0, "There is no such category.")
    return made
