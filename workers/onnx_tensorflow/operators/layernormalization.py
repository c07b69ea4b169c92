"""LayerNormalization: by the statistics of the last axes."""

import tensorflow as tf

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, aligned
from workers.onnx_tensorflow.normalising import standardised

HALVES = (tf.float16, tf.bfloat16)
LEAST = 1e-5


@operator("LayerNormalization")
def layernormalization(
    x: Stored,
    scale: Stored,
    bias: Stored | None = None,
    *,
    axis: int | None,
    epsilon: float | None,
    node: Node,
) -> tuple[Laid, ...]:
    """The mean and 1 / deviation are given, too, where somebody wants them.

    ONNX Runtime writes it into opsets before 17, which say no defaults.
    """
    first = (-1 if axis is None else axis) % x.rank
    axes = sorted(x.stored(each) for each in range(first, x.rank))
    wide = tf.float32 if x.dtype in HALVES else x.dtype
    normal, mean, inverse = standardised(tf.cast(x.tensor, wide), axes, epsilon or LEAST)
    (found, by), order = aligned([x.like(tf.cast(normal, x.dtype)), scale])
    found *= by
    if bias is not None:
        (found, plus), order = aligned([Laid(found, order), bias])
        found += plus
    made = Laid(found, order)
    if not any(node.outputs[1:]):
        return (made,)
    return made, x.like(mean), x.like(inverse)
