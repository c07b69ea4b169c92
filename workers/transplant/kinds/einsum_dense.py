"""Dense layers over two axes: (in, heads, size) and (heads, size, out), as Keras keeps attention.

Torch has Linear layers over heads x size.
"""

from collections.abc import Iterator
from math import prod

from workers.transplant.expressions import Expression, Read, Reshape, Transpose
from workers.transplant.units import Group, Neutral, Reading, Role
from workers.weights.variables import Variable

INWARD = ("query", "key", "value", "q", "k", "v")
CUBE = 3
OUTWARD = ("attention_output", "output", "out")


def readings(group: Group) -> Iterator[Reading]:
    """A kernel of rank 3 without a window, by its bias, its layer's class or its place."""
    kernel = group.leaf("kernel", "w")
    if not group.tensorflow or kernel is None or len(kernel.shape) != CUBE:
        return
    if group.leaf("recurrent_kernel") or group.kind.startswith(("Conv", "Depthwise")):
        return
    bias = group.leaf("bias", "b")
    last = group.scope.rpartition("/")[2]
    told = group.kind == "EinsumDense"
    if (bias is None and last not in OUTWARD) or (
        bias is not None and bias.shape == kernel.shape[1:]
    ):
        yield _inward(kernel, bias, 0.0 if last in INWARD or bias or told else 0.3)
    if (bias is None and last not in INWARD) or (
        bias is not None and bias.shape == kernel.shape[2:]
    ):
        yield _outward(kernel, bias, 0.0 if last in OUTWARD or told else 0.3)


def _inward(kernel: Variable, bias: Variable | None, doubt: float) -> Reading:
    inputs, *split = kernel.shape
    flat = Reshape(Read(kernel.name), (inputs, prod(split)))
    roles = {"kernel": Role((prod(split), inputs), Transpose(flat, (1, 0)), "I,heads,size")}
    builds: dict[str, Expression] = {
        kernel.name: Reshape(Transpose(Read("kernel"), (1, 0)), kernel.shape)
    }
    if bias is not None:
        flat_bias = Reshape(Read(bias.name), (prod(split),))
        roles["bias"] = Role((prod(split),), flat_bias, "heads,size", Neutral.ZEROS)
        builds[bias.name] = Reshape(Read("bias"), bias.shape)
    return Reading("dense", roles, builds, doubt)


def _outward(kernel: Variable, bias: Variable | None, doubt: float) -> Reading:
    *split, outputs = kernel.shape
    flat = Reshape(Read(kernel.name), (prod(split), outputs))
    roles = {"kernel": Role((outputs, prod(split)), Transpose(flat, (1, 0)), "heads,size,O")}
    builds: dict[str, Expression] = {
        kernel.name: Reshape(Transpose(Read("kernel"), (1, 0)), kernel.shape)
    }
    if bias is not None:
        roles["bias"] = Role(bias.shape, Read(bias.name), "", Neutral.ZEROS)
        builds[bias.name] = Read("bias")
    return Reading("dense", roles, builds, doubt)
