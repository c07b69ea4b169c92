"""Convolutions of one, two and three dimensions, and transposed ones.

Keras keeps a convolution's kernel as (*window, in, out) and a transposed one's as (*window, out,
in); torch keeps (out, in, *window) and (in, out, *window). So one turn of the axes fits both, and
the bias or the layer's class tells which of the two it is.
"""

from collections.abc import Iterator
from math import prod

from workers.transplant.expressions import Read, Reshape, Transpose
from workers.transplant.kinds.roles import with_bias
from workers.transplant.units import WINDOWED, Group, Reading, Role
from workers.weights.variables import Variable

WINDOWS = {1: "L", 2: "HW", 3: "DHW"}
OTHER_LAYERS = ("Depthwise", "EinsumDense", "Embedding", "Separable")


def readings(group: Group) -> Iterator[Reading]:
    """A kernel of rank 3 to 5, as a convolution, as a transposed one, and as a dense layer where
    its window is a single point."""
    kernel = group.leaf("kernel", "weights", "w") if group.tensorflow else group.leaf("weight")
    if kernel is None or len(kernel.shape) not in WINDOWED or group.leaf("recurrent_kernel"):
        return
    if any(each in group.kind for each in OTHER_LAYERS):
        return
    bias = group.leaf("bias", "biases", "b")
    if bias is not None and len(bias.shape) != 1:
        return
    yield from kernels(kernel, bias, group)


def kernels(kernel: Variable, bias: Variable | None, group: Group) -> Iterator[Reading]:
    """The readings of one kernel with its bias, which may be missing."""
    outputs, inputs = _channels(kernel, tensorflow=group.tensorflow)
    told = "Conv" in group.kind
    transposed = "Transpose" in group.kind
    if transposed if told else (bias is not None and outputs != inputs == bias.shape[0]):
        yield _reading(kernel, bias, group, transposed=True)
        return
    if bias is not None and bias.shape[0] != outputs:
        return
    yield _reading(kernel, bias, group, transposed=False)
    if not told and (bias is None or bias.shape[0] == inputs):
        yield _reading(kernel, bias, group, transposed=True, doubt=0.1)
    if all(each == 1 for each in _window(kernel, tensorflow=group.tensorflow)):
        yield _point(kernel, bias, group)
    else:
        yield _whole(kernel, bias, group)


def _channels(kernel: Variable, *, tensorflow: bool) -> tuple[int, int]:
    """The channels that come out and go in, were it a plain convolution."""
    shape = kernel.shape
    return (shape[-1], shape[-2]) if tensorflow else (shape[0], shape[1])


def _window(kernel: Variable, *, tensorflow: bool) -> tuple[int, ...]:
    return kernel.shape[:-2] if tensorflow else kernel.shape[2:]


def _reading(
    kernel: Variable,
    bias: Variable | None,
    group: Group,
    *,
    transposed: bool,
    doubt: float = 0.0,
) -> Reading:
    rank = len(kernel.shape)
    window = WINDOWS[rank - 2]
    kind = f"conv{rank - 2}d" + ("_transpose" if transposed else "")
    if not group.tensorflow:
        layout = ("IO" if transposed else "OI") + window
        role = Role(kernel.shape, Read(kernel.name), layout)
        roles, builds = with_bias(role, {kernel.name: Read("kernel")}, bias)
        return Reading(kind, roles, builds, doubt)
    forth, back = turns(rank)
    shape = tuple(kernel.shape[each] for each in forth)
    role = Role(
        shape, Transpose(Read(kernel.name), forth), window + ("OI" if transposed else "IO")
    )
    roles, builds = with_bias(role, {kernel.name: Transpose(Read("kernel"), back)}, bias)
    return Reading(kind, roles, builds, doubt)


def turns(rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes from (*window, in, out) to (out, in, *window), and back."""
    return (rank - 1, rank - 2, *range(rank - 2)), (*range(2, rank), 1, 0)


def _point(kernel: Variable, bias: Variable | None, group: Group) -> Reading:
    """A window of a single point computes what a dense layer does at each place."""
    outputs, inputs = _channels(kernel, tensorflow=group.tensorflow)
    if group.tensorflow:
        flat = Reshape(Read(kernel.name), (inputs, outputs))
        role = Role((outputs, inputs), Transpose(flat, (1, 0)), "1x1 IO")
        made = Reshape(Transpose(Read("kernel"), (1, 0)), kernel.shape)
    else:
        role = Role((outputs, inputs), Reshape(Read(kernel.name), (outputs, inputs)), "OI 1x1")
        made = Reshape(Read("kernel"), kernel.shape)
    roles, builds = with_bias(role, {kernel.name: made}, bias)
    return Reading("dense", roles, builds, 0.1)


def _whole(kernel: Variable, bias: Variable | None, group: Group) -> Reading:
    """A window of whole maps computes what a dense layer does that reads them in a row."""
    outputs, inputs = _channels(kernel, tensorflow=group.tensorflow)
    window = _window(kernel, tensorflow=group.tensorflow)
    shape = (outputs, inputs * prod(window))
    if group.tensorflow:
        flat = Reshape(Read(kernel.name), shape[::-1])
        role = Role(shape, Transpose(flat, (1, 0)), f"{WINDOWS[len(window)]}IO")
        made = Reshape(Transpose(Read("kernel"), (1, 0)), kernel.shape)
    else:
        role = Role(shape, Reshape(Read(kernel.name), shape), f"OI{WINDOWS[len(window)]}")
        made = Reshape(Read("kernel"), kernel.shape)
    roles, builds = with_bias(role, {kernel.name: made}, bias)
    return Reading("dense", roles, builds, 0.3, maps=(*window, inputs))
