"""QAttention: Attention whose projections are of quantized tensors."""

from torch import Tensor

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.microsoft.attention import attention
from workers.onnx_torch.products import by_column
from workers.onnx_torch.quantizing import dequantized

REASON = "turns its features"


def _refused(node: Node) -> str | None:
    return REASON if node.attributes.get("do_rotary") else None


@operator("QAttention", refuses=_refused)
def qattention(  # noqa: PLR0917 - ONNX Runtime's inputs
    x: Tensor,
    weights: Tensor,
    bias: Tensor,
    x_scale: Tensor,
    weights_scale: Tensor,
    mask: Tensor | None = None,
    x_zero: Tensor | None = None,
    weights_zero: Tensor | None = None,
    past: Tensor | None = None,
    *,
    do_rotary: int | None,
    mask_filter_value: float | None,
    num_heads: int,
    scale: float | None,
    unidirectional: int | None,
) -> tuple[Tensor, Tensor]:
    """Attention itself is among floats. Weights may have a scale for each column."""
    if do_rotary:
        raise CannotTranslate(REASON)
    by = None if weights_zero is None else by_column(weights_zero)
    found: tuple[Tensor, Tensor] = attention(
        dequantized(x, x_scale, x_zero),
        dequantized(weights, by_column(weights_scale), by),
        bias,
        mask,
        past,
        do_rotary=0,
        mask_filter_value=mask_filter_value,
        num_heads=num_heads,
        qkv_hidden_sizes=None,
        scale=scale,
        unidirectional=unidirectional,
    )
    return found
