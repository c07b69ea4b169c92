"""GridSample: an input sampled at the points of a grid."""

import torch
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
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    corners = bool(align_corners)
    found = functional.grid_sample(
        wide, grid.to(wide.dtype), how, padding_mode, align_corners=corners
    )
    return found.to(x.dtype)
