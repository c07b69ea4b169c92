"""MeanVarianceNormalization: less the mean, divided by the deviation."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.halves import widened

LEAST = 1e-9
"""Added to the deviation, as the operator's definition as a function has it."""


@operator("MeanVarianceNormalization")
def meanvariancenormalization(x: Tensor, *, axes: list[int]) -> Tensor:
    """Along all axes but the channels', unless others are named."""
    wide = widened(x)
    moved = wide - wide.mean(axes, keepdim=True)
    deviation = (moved * moved).mean(axes, keepdim=True).sqrt()
    return (moved / (deviation + LEAST)).to(x.dtype)
