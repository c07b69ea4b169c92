"""GroupNorm: GroupNormalization of images with channels last, and Swish after it."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, canonical, channels_last
from workers.onnx_tensorflow.normalising import grouped, scaled_by_channel


@operator("GroupNorm")
def groupnorm(
    x: Stored,
    gamma: Stored,
    beta: Stored,
    *,
    activation: int,
    channels_last: int | None,
    epsilon: float | None,
    groups: int,
) -> Laid:
    """`activation` is 1 for Swish, 0 for none."""
    last = channels_last is None or bool(channels_last)
    image = Laid(x.plain, _last(x.rank)) if last else x
    found = scaled_by_channel(grouped(image, groups, epsilon or 1e-5), gamma, beta)
    tensor = tf.nn.silu(found.tensor) if activation else found.tensor
    return Laid(tensor, canonical(x.rank) if last else found.order)


def _last(rank: int) -> tuple[int, ...]:
    return channels_last(rank)
