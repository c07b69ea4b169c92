"""com.microsoft.ConvTransposeWithDynamicPads: ConvTranspose whose pads are an input."""

from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.convtranspose import conv_transpose


@operator("ConvTransposeWithDynamicPads")
def conv_transpose_with_dynamic_pads(
    x: Tensor,
    w: Tensor,
    pads: Ints | None = None,
    b: Tensor | None = None,
    *,
    auto_pad: str | None,
    dilations: list[int] | None,
    group: int | None,
    output_padding: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """As ONNX's own otherwise."""
    return conv_transpose(
        x,
        w,
        b,
        auto_pad=auto_pad,
        dilations=dilations,
        group=group or 1,
        output_padding=output_padding,
        output_shape=None,
        pads=pads,
        strides=strides,
    )
