"""com.microsoft.Unique: each element of a vector once, in the order in which they first come."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.unique import unique as found


@operator("Unique")
def unique(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """With the place of each element among them, and how often each is there."""
    values, _, places, counts = found(x, axis=None, sorted=0)
    return values, places, counts
