"""CausalConvWithState: a depthwise convolution that looks back, and remembers how far."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("CausalConvWithState")
def causalconvwithstate(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    past: Tensor | None = None,
    *,
    activation: str,
) -> tuple[Tensor, Tensor]:
    """x is (batch, channels, length), weight (channels, 1, k), past (batch, channels, k - 1)."""
    reach = weight.shape[2] - 1
    before = functional.pad(x, [reach, 0]) if past is None else torch.cat([past, x], 2)
    found = functional.conv1d(before, weight, bias, groups=weight.shape[0])
    present = before.narrow(2, before.shape[2] - reach, reach)
    return (found if activation == "none" else functional.silu(found)), present
