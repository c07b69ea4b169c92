"""Col2Im: columns of blocks added up to the image that they were taken from."""

from itertools import product

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.windows import window


@operator("Col2Im")
def col2im(
    x: Tensor,
    image_shape: Ints,
    block_shape: Ints,
    *,
    dilations: list[int] | None,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """torch folds images of two axes; others are added element of the block by element."""
    found = window(
        image_shape, block_shape, strides=strides, dilations=dilations, pads=pads, auto_pad=None
    )
    if found.rank == 2 and found.even:  # noqa: PLR2004
        return functional.fold(
            x, image_shape, block_shape, found.dilations, found.begins, found.strides
        )
    padded = [
        length + begin + end
        for length, begin, end in zip(image_shape, found.begins, found.ends, strict=True)
    ]
    steps = [
        (length - reach) // stride + 1
        for length, reach, stride in zip(padded, found.reaches, found.strides, strict=True)
    ]
    count = 1
    for each in block_shape:
        count *= each
    columns = x.reshape(x.shape[0], x.shape[1] // count, *block_shape, *steps)
    image = x.new_zeros((x.shape[0], x.shape[1] // count, *padded))
    for tap in product(*map(range, block_shape)):
        place = tuple(
            slice(at * dilation, at * dilation + (step - 1) * stride + 1, stride)
            for at, dilation, step, stride in zip(
                tap, found.dilations, steps, found.strides, strict=True
            )
        )
        image[(..., *place)] += columns[(slice(None), slice(None), *tap)]
    inner = tuple(
        slice(begin, begin + length)
        for begin, length in zip(found.begins, image_shape, strict=True)
    )
    return image[(..., *inner)]
