"""BiasAdd: x, a bias of its channels, and what goes past."""

from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("BiasAdd")
def biasadd(x: Tensor, bias: Tensor, skip: Tensor) -> Tensor:
    """Channels are last."""
    return x + bias + skip
