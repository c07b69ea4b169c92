"""BlackmanWindow: a sum of two cosines."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.tapers import tapered


@operator("BlackmanWindow")
def blackman_window(size: Number, *, output_datatype: int, periodic: int) -> tf.Tensor:
    """With Blackman's own rounded factors."""
    return tapered(size, [0.42, -0.5, 0.08], periodic=bool(periodic), dtype=output_datatype)
