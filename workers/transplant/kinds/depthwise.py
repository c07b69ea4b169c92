"""Depthwise convolutions: Keras keeps (*window, channels, multiplier); torch has a grouped one,
(channels x multiplier, 1, *window)."""

from collections.abc import Iterator

from workers.transplant.expressions import Expression, Read, Reshape, Transpose
from workers.transplant.kinds.convolution import WINDOWS
from workers.transplant.kinds.roles import with_bias
from workers.transplant.units import WINDOWED, Group, Reading, Role
from workers.weights.variables import Variable

LEAVES = ("depthwise_kernel", "depthwise_weights")


def readings(group: Group) -> Iterator[Reading]:
    """A depthwise kernel by its name, its layer's class or the length of its bias."""
    if not group.tensorflow or group.leaf("pointwise_kernel", "pointwise_weights"):
        return
    plain = not group.kind or group.kind.startswith("Depthwise")
    kernel = group.leaf(*LEAVES) or (group.leaf("kernel") if plain else None)
    if kernel is None or len(kernel.shape) not in WINDOWED or group.leaf("recurrent_kernel"):
        return
    bias = group.leaf("bias", "biases")
    if bias is not None and bias.shape != (kernel.shape[-1] * kernel.shape[-2],):
        return
    sure = kernel.leaf in LEAVES or group.kind.startswith("Depthwise")
    yield depthwise(kernel, bias, 0.0 if sure else 0.15)


def depthwise(
    kernel: Variable, bias: Variable | None, doubt: float = 0.0, part: tuple[str, ...] = ()
) -> Reading:
    """The reading of a depthwise kernel with its bias, which may be missing."""
    *window, channels, multiplier = kernel.shape
    rank = len(kernel.shape)
    turned = Transpose(Read(kernel.name), (rank - 2, rank - 1, *range(rank - 2)))
    shape = (channels * multiplier, 1, *window)
    layout = f"{WINDOWS[rank - 2]}CM"
    role = Role(shape, Reshape(turned, shape), layout)
    parted = Reshape(Read("kernel"), (channels, multiplier, *window))
    builds: dict[str, Expression] = {kernel.name: Transpose(parted, (*range(2, rank), 0, 1))}
    roles, builds = with_bias(role, builds, bias)
    return Reading(f"conv{rank - 2}d", roles, builds, doubt, part)
