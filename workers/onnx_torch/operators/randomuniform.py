"""RandomUniform: numbers between two, all equally likely."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.randomness import uniform


@operator("RandomUniform")
def randomuniform(*, dtype: int, high: float, low: float, shape: list[int]) -> Tensor:
    """Other ones in every run."""
    return uniform(shape, dtype, low, high)
