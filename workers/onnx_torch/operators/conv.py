"""Conv: a convolution over one to three axes."""

from typing import Any

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_torch.windows import Window, window

CONVOLUTIONS: dict[int, Any] = {
    1: functional.conv1d,
    2: functional.conv2d,
    3: functional.conv3d,
}
"""By the number of spatial axes."""


@operator("Conv")
def conv(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    *,
    auto_pad: str | None,
    dilations: list[int] | None,
    group: int,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """Even padding is the convolution's own; uneven padding is written out before it."""
    found = window(
        x.shape[2:],
        w.shape[2:],
        strides=strides,
        dilations=dilations,
        pads=pads,
        auto_pad=auto_pad,
    )
    return convolve(x, w, b, found, group)


def convolve(x: Tensor, w: Tensor, b: Tensor | None, window: Window, group: int) -> Tensor:
    """Shared with the convolutions of other number formats."""
    run = CONVOLUTIONS.get(window.rank)
    if run is None:
        raise CannotTranslate(
            f"a convolution over {window.rank} axes has no counterpart in torch",
            hint="fold axes into the batch before it",
        )
    if window.even:
        return run(x, w, b, window.strides, window.begins, window.dilations, group)
    padded = functional.pad(x, window.amounts)
    return run(padded, w, b, window.strides, 0, window.dilations, group)
