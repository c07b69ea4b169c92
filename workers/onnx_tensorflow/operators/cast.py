"""Cast: the same values in another type."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.casting import cast


@operator("Cast", since=6, elementwise=True)
def cast_(x: tf.Tensor, *, to: int, saturate: int | None, round_mode: str | None) -> tf.Tensor:
    """What is too large for a float of 8 bits is the largest one, unless said otherwise."""
    return cast(x, to, saturate=saturate != 0, mode=round_mode or "up")


@operator("Cast", since=1, elementwise=True)
def cast_1(x: tf.Tensor, *, to: str) -> tf.Tensor:
    """The type is a name."""
    from onnx import TensorProto

    return cast(x, TensorProto.DataType.Value(to.upper()))
