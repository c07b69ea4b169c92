"""AffineGrid: where an affine transform of an output's pixels lies in the input."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator


@operator("AffineGrid")
def affine_grid(theta: Tensor, size: Ints, *, align_corners: int) -> Tensor:
    """Over two or three axes."""
    return functional.affine_grid(theta, size, align_corners=bool(align_corners))
