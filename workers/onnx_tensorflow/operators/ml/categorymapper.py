"""CategoryMapper: words to numbers, or back."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.lookups import looked_up


@operator("CategoryMapper")
def category_mapper(
    x: tf.Tensor,
    *,
    cats_int64s: list[int],
    cats_strings: list[str],
    default_int64: int,
    default_string: str,
) -> tf.Tensor:
    """Which way is told by what it is given."""
    if x.dtype == tf.string:
        return looked_up(x, cats_strings, tf.constant(cats_int64s, tf.int64), default_int64)
    return looked_up(x, cats_int64s, tf.constant(cats_strings), default_string)
