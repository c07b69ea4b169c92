"""GridSample: an input sampled at the points of a grid."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator

MODES = {"linear": "bilinear", "cubic": "bicubic"}
"""torch's names of ONNX's later ones."""


@operator("GridSample")
def grid_sample(
    x: Tensor, grid: Tensor, *, align_corners: int, mode: str, padding_mode: str
) -> Tensor:
    """Over two axes in every mode; torch samples three by the nearest or linearly."""
    how = MODES.get(mode, mode)
    if x.ndim not in {4, 5} or (x.ndim == 5 and how == "bicubic"):  # noqa: PLR2004
        raise CannotTranslate(f"torch does not sample {x.ndim - 2} axes in mode '{mode}'")
    found = (
        functional.grid_sample(
            x.float(), grid.float(), how, padding_mode, align_corners=bool(align_corners)
        )
        if x.dtype.itemsize < 4
        else functional.grid_sample(  # noqa: PLR2004
            x, grid.to(x.dtype), how, padding_mode, align_corners=bool(align_corners)
        )
    )
    return found.to(x.dtype)
