"""Gradient: the derivative of one of the graph's values by others."""

import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator

REASON = "differentiates the graph around it, which a translation node by node cannot see"
HINT = "Remove the training part of the model: convert the graph that infers."


@operator("Gradient", refuses=lambda _: REASON)
def gradient(*_: tf.Tensor) -> tf.Tensor:
    """Always refused."""
    raise CannotTranslate(REASON, HINT)
