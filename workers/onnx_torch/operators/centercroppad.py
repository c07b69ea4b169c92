"""CenterCropPad: cut around the centre, or padded with zeros, to given lengths."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator


@operator("CenterCropPad")
def center_crop_pad(x: Tensor, shape: Ints, *, axes: list[int] | None) -> Tensor:
    """Of an odd rest the greater part is cut off, or put, at the end."""
    chosen = list(range(x.ndim)) if axes is None else [axis % x.ndim for axis in axes]
    for axis, wanted in zip(chosen, shape, strict=True):
        x = _fitted(x, axis, wanted)
    return x


def _fitted(x: Tensor, axis: int, wanted: Any) -> Tensor:
    length = x.shape[axis]
    if isinstance(length, int) and isinstance(wanted, int):
        less, more = max(length - wanted, 0), max(wanted - length, 0)
    else:
        less, more = torch.sym_max(length - wanted, 0), torch.sym_max(wanted - length, 0)
    before = more // 2 - less // 2
    after = wanted - length - before
    around = [0, 0] * (x.ndim - 1 - axis) + [before, after]
    return functional.pad(x, around)
