"""Expand: broadcasts to a shape."""

from typing import Any

from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual


@operator("Expand")
@textual
def expand(x: Tensor, shape: Ints) -> Tensor:
    """Both ways: where the shape says 1, the tensor's own length stays."""
    missing = len(shape) - x.ndim
    lengths: list[Any] = [1] * missing + list(x.shape) if missing > 0 else list(x.shape)
    wanted = [1] * -missing + list(shape) if missing < 0 else list(shape)
    joint = [
        length if isinstance(want, int) and want == 1 else want
        for length, want in zip(lengths, wanted, strict=True)
    ]
    return x.expand(joint)
