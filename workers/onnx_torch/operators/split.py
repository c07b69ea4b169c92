"""Split: parts of a tensor along an axis."""

from typing import Any

from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual


@operator("Split", since=1)
@textual
def split_1(
    x: Tensor, lengths: Ints | None = None, *, axis: int | None, split: list[int] | None, node: Any
) -> tuple[Tensor, ...]:
    """The lengths were an input, or an attribute."""
    return _split(x, lengths or split, axis or 0, len(node.outputs))


@operator("Split", since=2)
@textual
def split_2(x: Tensor, *, axis: int, split: list[int] | None, node: Any) -> tuple[Tensor, ...]:
    """The lengths are an attribute."""
    return _split(x, split, axis, len(node.outputs))


@operator("Split", since=13)
@textual
def split_13(
    x: Tensor, split: Ints | None = None, *, axis: int, num_outputs: int | None, node: Any
) -> tuple[Tensor, ...]:
    """The lengths are an input; without them the parts are equal, but for the last."""
    return _split(x, split, axis, num_outputs or len(node.outputs))


def _split(x: Tensor, lengths: list[Any] | None, axis: int, count: int) -> tuple[Tensor, ...]:
    if not lengths:
        part = -(-x.shape[axis] // count)
        last = x.shape[axis] - part * (count - 1)
        lengths = [part] * (count - 1) + [last]
    return tuple(x.split(lengths, axis))
