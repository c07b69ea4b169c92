"""com.microsoft.TorchEmbedding: rows of a table."""

import tensorflow as tf

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import length
from workers.onnx_tensorflow.indices import from_front


@operator("TorchEmbedding")
def torch_embedding(
    weight: tf.Tensor, indices: tf.Tensor, _: Raw | None = None, __: Raw | None = None
) -> tf.Tensor:
    """The other inputs matter where gradients are computed only."""
    return tf.gather(weight, from_front(indices, length(weight, 0)))
