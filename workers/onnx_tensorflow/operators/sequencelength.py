"""SequenceLength: how many tensors a sequence has."""

import numpy as np
import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant


@operator("SequenceLength")
def sequence_length(xs: list[tf.Tensor]) -> Constant:
    """A scalar of int64, known before the model runs."""
    return Constant(np.array(len(xs), np.int64))
