"""BatchNormalization: each channel with its mean taken off, in units of its deviation."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, aligned
from workers.onnx_tensorflow.normalising import by_channel


@operator("BatchNormalization", since=14)
def batchnormalization(
    x: Stored,
    scale: Stored,
    bias: Stored,
    mean: Stored,
    variance: Stored,
    *,
    epsilon: float,
    momentum: float,
    training_mode: int,
) -> Laid | tuple[Laid, ...]:
    """In training by the batch's own statistics; the running ones are given, too."""
    if not training_mode:
        return by_channel(x, (scale, bias, mean, variance), epsilon)
    axes = [place for place, axis in enumerate(x.order) if axis != 1]
    own = [Laid(each) for each in tf.nn.moments(tf.cast(x.tensor, mean.dtype), axes)]
    running = [
        Laid(before.plain * momentum + now.plain * (1 - momentum))
        for before, now in zip((mean, variance), own, strict=True)
    ]
    return (by_channel(x, (scale, bias, *own), epsilon), *running)


@operator("BatchNormalization", since=1)
def batchnormalization_1(
    x: Stored,
    scale: Stored,
    bias: Stored,
    mean: Stored,
    variance: Stored,
    *,
    epsilon: float,
    spatial: int | None,
) -> Laid:
    """Before version 9 each element could have statistics of its own."""
    if spatial is None or spatial:
        return by_channel(x, (scale, bias, mean, variance), epsilon)
    (wide, *told), order = aligned([x, scale, bias, mean, variance])
    factor, offset, middle, spread = told
    return Laid((wide - middle) * (factor * tf.math.rsqrt(spread + epsilon)) + offset, order)
