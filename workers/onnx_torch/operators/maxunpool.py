"""MaxUnpool: puts what MaxPool took back where it was, with zeros around it."""

from typing import Any

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.windows import Window


@operator("MaxUnpool")
def max_unpool(
    x: Tensor,
    indices: Tensor,
    output_shape: Ints | None = None,
    *,
    kernel_shape: list[int],
    pads: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """The indices count through the shape that the kernel leads to.

    What `output_shape` asks for beyond that is zeros after it.
    """
    rank = len(kernel_shape)
    steps = strides or [1] * rank
    around = pads or [0] * (2 * rank)
    lengths: list[Any] = [
        (x.shape[2 + axis] - 1) * steps[axis]
        + kernel_shape[axis]
        - around[axis]
        - around[axis + rank]
        for axis in range(rank)
    ]
    shape = [x.shape[0], x.shape[1], *lengths]
    total = 1
    for length in shape:
        total = total * length
    flat = x.new_zeros(total).scatter(0, indices.reshape(-1), x.reshape(-1))
    whole = flat.reshape(shape)
    if output_shape is None:
        return whole
    missing = [want - have for want, have in zip(output_shape[2:], lengths, strict=True)]
    after = Window(kernel_shape, steps, steps, [0] * rank, missing)
    return functional.pad(whole, after.amounts) if after.padded else whole
