"""LRN: each element by the squares of its neighbours in the channels."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, channels_last

IMAGE = 4


@operator("LRN")
def lrn(x: Stored, *, alpha: float, beta: float, bias: float, size: int) -> Laid:
    """Images have an operator of TensorFlow's own where the window is odd."""
    x = x.at(channels_last(x.rank))
    if x.rank == IMAGE and size % 2 == 1:
        found = tf.nn.local_response_normalization(x.tensor, size // 2, bias, alpha / size, beta)
        return x.like(found)
    before = (size - 1) // 2
    pads = [(0, 0)] * (x.rank - 1) + [(before + 1, size - 1 - before)]
    running = tf.cumsum(tf.pad(tf.square(x.tensor), pads), -1)
    squares = running[..., size:] - running[..., :-size]
    return x.like(x.tensor / tf.pow(bias + alpha / size * squares, beta))
