"""GlobalAveragePool: the mean of each channel."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.reductions import reduced


@operator("GlobalAveragePool")
def globalaveragepool(x: Stored) -> Laid:
    return reduced(x, list(range(2, x.rank)), tf.reduce_mean, keep=True, noop=True)
