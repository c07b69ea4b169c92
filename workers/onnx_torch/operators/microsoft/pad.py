"""com.microsoft.Pad: elements put around a tensor, by pads that are an input."""

from torch import Tensor

from workers.onnx_graph.kinds import Ints, Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.pad import pad_11


@operator("Pad")
def pad(x: Tensor, pads: Ints, value: Raw | None = None, *, mode: str | None) -> Tensor:
    """As ONNX's own, which it became."""
    return pad_11(x, pads, value, mode=mode or "constant")
