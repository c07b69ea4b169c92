"""Separable convolutions: one layer of Keras, two convolutions of torch."""

from collections.abc import Iterator
from dataclasses import replace

from workers.transplant.kinds.convolution import kernels
from workers.transplant.kinds.depthwise import LEAVES, depthwise
from workers.transplant.units import Group, Reading
from workers.weights.variables import Layer


def readings(group: Group) -> Iterator[Reading]:
    """The depthwise half, and the pointwise half with the bias."""
    first = group.leaf(*LEAVES)
    second = group.leaf("pointwise_kernel", "pointwise_weights")
    if not group.tensorflow or first is None or second is None:
        return
    yield depthwise(first, None, part=("depthwise",))
    plain = replace(group, layer=Layer("Conv", {}))
    for each in kernels(second, group.leaf("bias", "biases"), plain):
        yield replace(each, part=("pointwise",))
