"""com.microsoft.GatherND: slices by index over several axes."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.operators.gathernd import gather_nd as gathered


@operator("GatherND")
def gather_nd(x: tf.Tensor, indices: tf.Tensor) -> tf.Tensor:
    """As ONNX's own, without batch axes."""
    return gathered(x, indices, batch_dims=0)
