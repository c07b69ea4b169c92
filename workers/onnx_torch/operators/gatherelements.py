"""GatherElements: one element for each index, along an axis."""

from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.indexing import places
from workers.onnx_torch.texts import textual


@operator("GatherElements")
@textual
def gather_elements(x: Tensor, indices: Raw, *, axis: int) -> Tensor:
    """Negative indices count from the end."""
    return x.gather(axis, places(indices, x.shape[axis]))
