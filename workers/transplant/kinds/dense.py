"""Dense layers: (in, out) in Keras, (out, in) in torch, (in, out) in transformers' Conv1D."""

from collections.abc import Iterator

from workers.transplant.expressions import Expression, Read, Transpose
from workers.transplant.kinds.roles import with_bias
from workers.transplant.units import MATRIX, Group, Reading, Role
from workers.weights.variables import Variable

OTHER_LAYERS = frozenset({"Embedding", "EmbeddingBag"})


def readings(group: Group) -> Iterator[Reading]:
    """A kernel of rank 2, in the layouts that its bias and its layer's class allow."""
    kernel = group.leaf("kernel", "weights", "w") if group.tensorflow else group.leaf("weight")
    if kernel is None or len(kernel.shape) != MATRIX or group.kind in OTHER_LAYERS:
        return
    if group.leaf("recurrent_kernel"):
        return
    bias = group.leaf("bias", "biases", "b")
    if bias is not None and len(bias.shape) != 1:
        return
    if group.tensorflow:
        if bias is None or bias.shape[0] == kernel.shape[1]:
            yield _turned(kernel, bias, 0.0)
        return
    turned = group.kind == "Conv1D"
    if not turned and (bias is None or bias.shape[0] == kernel.shape[0]):
        yield _straight(kernel, bias)
    if turned or (
        bias is not None and bias.shape[0] == kernel.shape[1] and group.kind != "Linear"
    ):
        yield _turned(kernel, bias, 0.0 if turned else 0.2)


def _straight(kernel: Variable, bias: Variable | None) -> Reading:
    role = Role(kernel.shape, Read(kernel.name), "OI")
    roles, builds = with_bias(role, {kernel.name: Read("kernel")}, bias)
    return Reading("dense", roles, builds)


def _turned(kernel: Variable, bias: Variable | None, doubt: float) -> Reading:
    role = Role(kernel.shape[::-1], Transpose(Read(kernel.name), (1, 0)), "IO")
    builds: dict[str, Expression] = {kernel.name: Transpose(Read("kernel"), (1, 0))}
    roles, builds = with_bias(role, builds, bias)
    return Reading("dense", roles, builds, doubt)
