"""ScatterElements: elements put in the place that an index along an axis tells."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import normal, rank_of
from workers.onnx_tensorflow.indices import along
from workers.onnx_tensorflow.scattering import scattered


@operator("ScatterElements")
def scatter_elements(
    x: tf.Tensor, indices: tf.Tensor, updates: tf.Tensor, *, axis: int, reduction: str | None
) -> tf.Tensor:
    """Negative indices count from the end."""
    coordinates = along(x, indices, normal(axis, rank_of(x)))
    return scattered(x, coordinates, updates, reduction or "none")
