"""FusedConv: a convolution, what is added to it, and an activation."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.activating import activated, refused
from workers.onnx_torch.operators.conv import conv


@operator("FusedConv", refuses=refused)
def fusedconv(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    added: Tensor | None = None,
    *,
    activation: str | None,
    activation_params: list[float] | None,
    auto_pad: str | None,
    dilations: list[int] | None,
    group: int | None,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """The activation is of the sum; its parameters come in the order of ONNX's attributes."""
    found = conv(
        x,
        w,
        b,
        auto_pad=auto_pad,
        dilations=dilations,
        group=group or 1,
        pads=pads,
        strides=strides,
    )
    whole = found if added is None else found + added
    return activated(whole, activation, *(activation_params or [])[:2])
