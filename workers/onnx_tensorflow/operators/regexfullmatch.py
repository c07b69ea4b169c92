"""RegexFullMatch: whether words match a pattern from end to end."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("RegexFullMatch")
def regex_full_match(x: tf.Tensor, *, pattern: str | None) -> tf.Tensor:
    """The syntax is RE2's, which is TensorFlow's as well."""
    return tf.strings.regex_full_match(x, pattern or "")
