"""Squeeze: drops axes of length one."""

from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual


@operator("Squeeze", since=1)
@textual
def squeeze_1(x: Tensor, *, axes: list[int] | None) -> Tensor:
    """The axes are an attribute."""
    return squeeze(x, axes)


@operator("Squeeze", since=13)
@textual
def squeeze(x: Tensor, axes: Ints | None = None) -> Tensor:
    """All of them, where none are named."""
    if axes is None:
        return x.squeeze()
    return x.squeeze(axes[0]) if len(axes) == 1 else x.squeeze(tuple(axes))
