"""HammingWindow: a raised cosine that does not reach zero."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.tapers import tapered

ALPHA = 25 / 46


@operator("HammingWindow")
def hamming_window(size: Number, *, output_datatype: int, periodic: int) -> tf.Tensor:
    """ONNX has 25/46, not the rounded 0.54."""
    return tapered(size, [ALPHA, ALPHA - 1], periodic=bool(periodic), dtype=output_datatype)
