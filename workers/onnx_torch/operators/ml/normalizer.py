"""Normalizer: rows divided by their norm."""

from torch import Tensor

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator


@operator("Normalizer")
def normalizer(x: Tensor, *, norm: str) -> Tensor:
    """A row of zeros stays what it is."""
    rows = x.float()
    match norm:
        case "MAX":
            size = rows.amax(-1, keepdim=True)
        case "L1":
            size = rows.abs().sum(-1, keepdim=True)
        case "L2":
            size = rows.square().sum(-1, keepdim=True).sqrt()
        case _:
            raise CannotTranslate(f"has the norm '{norm}', which ONNX does not know")
    return rows / size.masked_fill(size == 0, 1)
