"""Transpose: the axes in another order."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual


@operator("Transpose")
@textual
def transpose(x: Tensor, *, perm: list[int] | None) -> Tensor:
    """Backwards, where no order is given."""
    return x.permute(list(range(x.ndim))[::-1] if perm is None else perm)
