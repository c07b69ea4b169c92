"""HannWindow: a raised cosine."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.tapers import tapered


@operator("HannWindow")
def hann_window(size: Number, *, output_datatype: int, periodic: int) -> tf.Tensor:
    """Zero at its beginning."""
    return tapered(size, [0.5, -0.5], periodic=bool(periodic), dtype=output_datatype)
