"""RandomUniformLike: numbers between two, as many as there are in a tensor."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.randomness import type_of, uniform


@operator("RandomUniformLike")
def randomuniformlike(x: Tensor, *, dtype: int | None, high: float, low: float) -> Tensor:
    """Other ones in every run."""
    return uniform(x.shape, type_of(x, dtype), low, high)
