"""ScatterElements: one update for each index, along an axis."""

from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.indexing import places
from workers.onnx_torch.scattering import REDUCTIONS
from workers.onnx_torch.texts import textual


@operator("ScatterElements")
@textual
def scatter_elements(
    x: Tensor, indices: Raw, updates: Tensor, *, axis: int, reduction: str | None
) -> Tensor:
    """Negative indices count from the end."""
    where = places(indices, x.shape[axis])
    if reduction in {None, "none"}:
        return x.scatter(axis, where, updates)
    return x.scatter_reduce(axis, where, updates, REDUCTIONS[reduction], include_self=True)
