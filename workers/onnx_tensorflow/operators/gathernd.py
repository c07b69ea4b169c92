"""GatherND: parts of a tensor by the coordinates of their first axes."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import lengths, shape_of
from workers.onnx_tensorflow.indices import from_front


@operator("GatherND")
def gather_nd(x: tf.Tensor, indices: tf.Tensor, *, batch_dims: int | None) -> tf.Tensor:
    """Negative coordinates count from the end."""
    first = batch_dims or 0
    sizes = lengths(x)[first : first + indices.shape[-1]]
    return tf.gather_nd(x, from_front(indices, shape_of(sizes)), batch_dims=first)
