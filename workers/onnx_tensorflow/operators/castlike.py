"""CastLike: the values of one tensor in the type of another."""

import tensorflow as tf

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.nodes import Node
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.casting import cast


@operator("CastLike", since=15, elementwise=True)
def castlike(
    x: tf.Tensor,
    _: Raw,
    *,
    saturate: int | None,
    round_mode: str | None,
    node: Node,
) -> tf.Tensor:
    """By the type that the graph tells: a tensor's own may be a carrier's."""
    to = node.output_dtypes[0] or node.input_dtypes[1]
    if to is None:
        raise CannotTranslate("casts to a type that the graph does not tell")
    return cast(x, to, saturate=saturate != 0, mode=round_mode or "up")
