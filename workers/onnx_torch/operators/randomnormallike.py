"""RandomNormalLike: numbers of a normal distribution, as many as there are in a tensor."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.randomness import normal, type_of


@operator("RandomNormalLike")
def randomnormallike(x: Tensor, *, dtype: int | None, mean: float, scale: float) -> Tensor:
    """Other ones in every run."""
    return normal(x.shape, type_of(x, dtype), mean, scale)
