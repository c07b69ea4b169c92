"""com.microsoft.Trilu: the upper or lower triangle of the last two axes."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.operators.trilu import trilu as triangle


@operator("Trilu")
def trilu(x: tf.Tensor, k: Number | None = None, *, upper: int | None) -> tf.Tensor:
    """As ONNX's own, which it became."""
    return triangle(x, k, upper=1 if upper is None else upper)
