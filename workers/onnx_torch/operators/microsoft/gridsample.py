"""com.microsoft.GridSample: an input sampled at the points of a grid."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.gridsample import grid_sample as sampled


@operator("GridSample")
def grid_sample(
    x: Tensor,
    grid: Tensor,
    *,
    align_corners: int | None,
    mode: str | None,
    padding_mode: str | None,
) -> Tensor:
    """As ONNX's own, which it became."""
    return sampled(
        x,
        grid,
        align_corners=align_corners or 0,
        mode=mode or "bilinear",
        padding_mode=padding_mode or "zeros",
    )
