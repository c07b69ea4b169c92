"""BlackmanWindow: a sum of three cosines."""

from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_torch.tapering import cosines


@operator("BlackmanWindow")
def blackman_window(size: Number, *, output_datatype: int, periodic: int) -> Tensor:
    """The usual weights."""
    return cosines(size, (0.42, 0.5, 0.08), periodic=periodic, dtype=output_datatype)
