"""HammingWindow: a raised cosine whose first side lobe is cancelled."""

from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_torch.tapering import cosines


@operator("HammingWindow")
def hamming_window(size: Number, *, output_datatype: int, periodic: int) -> Tensor:
    """With the exact weights, where others say 0.54 and 0.46."""
    return cosines(size, (25 / 46, 21 / 46), periodic=periodic, dtype=output_datatype)
