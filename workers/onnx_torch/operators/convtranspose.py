"""ConvTranspose: the transpose of a convolution over one to three axes."""

from typing import Any

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_torch.windows import Window, most, window

TRANSPOSES: dict[int, Any] = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}
"""By the number of spatial axes."""


@operator("ConvTranspose")
def conv_transpose(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    *,
    auto_pad: str | None,
    dilations: list[int] | None,
    group: int,
    output_padding: list[int] | None,
    output_shape: list[int] | None,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """Where torch cannot crop as ONNX does, the whole result is made and cropped after."""
    rank = x.ndim - 2
    run = TRANSPOSES.get(rank)
    if run is None:
        raise CannotTranslate(f"a convolution over {rank} axes has no counterpart in torch")
    found = window(
        x.shape[2:],
        w.shape[2:],
        strides=strides,
        dilations=dilations,
        pads=pads,
        auto_pad="NOTSET",
    )
    extra = list(output_padding or [0] * rank)
    if output_shape or auto_pad in {"SAME_UPPER", "SAME_LOWER"}:
        found = _cropped(x, found, extra, output_shape, upper=auto_pad == "SAME_UPPER")
    steps = zip(extra, found.strides, found.dilations, strict=True)
    if found.even and all(more < max(stride, dilation) for more, stride, dilation in steps):
        return run(x, w, b, found.strides, found.begins, extra, group, found.dilations)
    whole = run(x, w, None, found.strides, 0, 0, group, found.dilations)
    ends = [more - end for more, end in zip(extra, found.ends, strict=True)]
    crop = Window(found.kernel, found.strides, found.dilations, [-e for e in found.begins], ends)
    y = functional.pad(whole, crop.amounts)
    return y if b is None else y + b.reshape(-1, *[1] * rank)


def _cropped(
    x: Tensor, found: Window, extra: list[int], shape: list[int] | None, *, upper: bool
) -> Window:
    """The window with the padding that leads to the shape, or to a `stride` times the input."""
    lengths = x.shape[2:]
    wanted = list(shape or ())[-len(lengths) :]
    begins, ends = [], []
    for index, (length, reach) in enumerate(zip(lengths, found.reaches, strict=True)):
        stride = found.strides[index]
        if shape is None:
            total = reach + extra[index] - stride
        else:
            total = (length - 1) * stride + extra[index] + reach - wanted[index]
        spare = most(total, 0)
        half = spare // 2
        begin = half if upper else spare - half
        begins.append(begin)
        ends.append(total - begin)
    return Window(found.kernel, found.strides, found.dilations, begins, ends)
