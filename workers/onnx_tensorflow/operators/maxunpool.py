"""MaxUnpool: maxima put back where they came from."""

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import lengths, product, shape_of, wholes


@operator("MaxUnpool")
def max_unpool(
    x: tf.Tensor,
    indices: tf.Tensor,
    output_shape: Ints | None = None,
    *,
    kernel_shape: list[int],
    pads: list[int] | None,
    strides: list[int] | None,
) -> tf.Tensor:
    """A shape that is given is filled up with zeros."""
    rank = len(kernel_shape)
    pads, strides = pads or [0] * 2 * rank, strides or [1] * rank
    batch, channels, *spatial = lengths(x)
    whole = [batch, channels]
    for axis, size in enumerate(spatial):
        cut = pads[axis] + pads[axis + rank]
        whole.append((size - 1) * strides[axis] - cut + kernel_shape[axis])
    places = tf.reshape(indices, [-1, 1])
    zeros = tf.zeros(shape_of([product(whole)]), x.dtype)
    made = tf.tensor_scatter_nd_update(zeros, places, tf.reshape(x, [-1]))
    made = tf.reshape(made, shape_of(whole))
    if output_shape is None:
        return made
    more = [target - now for target, now in zip(wholes(output_shape), whole, strict=True)]
    return tf.pad(made, [shape_of([0, each]) for each in more])
