"""HannWindow: one period of a raised cosine."""

from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_torch.tapering import cosines


@operator("HannWindow")
def hann_window(size: Number, *, output_datatype: int, periodic: int) -> Tensor:
    """It comes down to zero."""
    return cosines(size, (0.5, 0.5), periodic=periodic, dtype=output_datatype)
