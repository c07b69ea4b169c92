"""Tile: repeats a tensor along its axes."""

from torch import Tensor

from workers.onnx_graph.kinds import Ints, Number
from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual


@operator("Tile", since=1)
@textual
def tile_1(x: Tensor, tiles: Number, axis: Number) -> Tensor:
    """Along one axis."""
    repeats = [1] * x.ndim
    repeats[int(axis)] = tiles
    return x.repeat(repeats)


@operator("Tile", since=6)
@textual
def tile(x: Tensor, repeats: Ints) -> Tensor:
    """So many times along each axis."""
    return x.repeat(repeats)
