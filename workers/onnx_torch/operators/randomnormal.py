"""RandomNormal: numbers of a normal distribution."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.randomness import normal


@operator("RandomNormal")
def randomnormal(*, dtype: int, mean: float, scale: float, shape: list[int]) -> Tensor:
    """Other ones in every run."""
    return normal(shape, dtype, mean, scale)
