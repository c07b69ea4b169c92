"""com.microsoft.TorchEmbedding: rows of a table."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator


@operator("TorchEmbedding")
def torch_embedding(
    weight: Tensor, indices: Tensor, _: Raw | None = None, __: Raw | None = None
) -> Tensor:
    """The other inputs matter where gradients are computed only."""
    return functional.embedding(indices, weight)
