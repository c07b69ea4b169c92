"""ScatterND: parts put in the places that coordinates of the first axes tell."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import lengths, shape_of
from workers.onnx_tensorflow.indices import from_front
from workers.onnx_tensorflow.scattering import scattered


@operator("ScatterND")
def scatter_nd(
    x: tf.Tensor, indices: tf.Tensor, updates: tf.Tensor, *, reduction: str | None
) -> tf.Tensor:
    """Negative coordinates count from the end."""
    sizes = lengths(x)[: indices.shape[-1]]
    places = from_front(tf.cast(indices, tf.int64), tf.cast(shape_of(sizes), tf.int64))
    return scattered(x, places, updates, reduction or "none")
