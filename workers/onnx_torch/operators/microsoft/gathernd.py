"""com.microsoft.GatherND: slices by index over several axes."""

from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.gathernd import gather_nd as gathered


@operator("GatherND")
def gather_nd(x: Tensor, indices: Raw) -> Tensor:
    """As ONNX's own, without batch axes."""
    return gathered(x, indices, batch_dims=0)
