"""FusedConv: a convolution, what is added to it, and an activation."""

from typing import Any

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.activating import activated
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.operators.conv import conv


@operator("FusedConv")
def fusedconv(
    x: Stored,
    w: Stored,
    b: Any | None = None,
    added: Stored | None = None,
    *,
    activation: str | None,
    activation_params: list[float] | None,
    auto_pad: str | None,
    dilations: list[int] | None,
    group: int | None,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Laid:
    """The activation is of the sum; its parameters come in the order of ONNX's attributes."""
    found: Laid = conv(
        x, w, b,
        auto_pad=auto_pad, dilations=dilations, group=group or 1, pads=pads, strides=strides,
    )  # fmt: skip
    whole = found.tensor if added is None else found.tensor + added.at(found.order).tensor
    return found.like(activated(whole, activation, *(activation_params or [])[:2]))
