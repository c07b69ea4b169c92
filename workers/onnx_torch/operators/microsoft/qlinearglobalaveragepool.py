"""QLinearGlobalAveragePool: the mean of each channel, quantized."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.quantizing import dequantized, requantized


@operator("QLinearGlobalAveragePool")
def qlinearglobalaveragepool(
    x: Tensor,
    x_scale: Tensor,
    x_zero: Tensor,
    y_scale: Tensor,
    y_zero: Tensor,
    *,
    channels_last: int | None,
) -> Tensor:
    """Channels are second, or last."""
    axes = list(range(1, x.ndim - 1)) if channels_last else list(range(2, x.ndim))
    found = dequantized(x, x_scale, x_zero).mean(axes, keepdim=True)
    return requantized(found, y_scale, y_zero, x.dtype)
