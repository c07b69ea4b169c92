"""Pad: elements put around a tensor, or taken off where the padding is negative."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.kinds import Ints, Raw
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant
from workers.onnx_torch.padding import edges, reflected, wrapped


@operator("Pad", since=1)
def pad_1(x: Tensor, *, mode: str, paddings: list[int], value: float | None) -> Tensor:
    """Where pads were called paddings."""
    return _pad(x, paddings, value or 0, None, mode)


@operator("Pad", since=2)
def pad_2(x: Tensor, *, mode: str, pads: list[int], value: float | None) -> Tensor:
    """Attributes."""
    return _pad(x, pads, value or 0, None, mode)


@operator("Pad", since=11)
def pad_11(
    x: Tensor,
    pads: Ints,
    constant_value: Raw | None = None,
    axes: Ints | None = None,
    *,
    mode: str,
) -> Tensor:
    """All befores, then all afters, of the axes named or of all."""
    value = constant_value
    if isinstance(value, Constant):
        value = value.array.reshape(-1)[0].item() if value.array.size else 0
    elif isinstance(value, Tensor):
        value = value.reshape(-1)[0].item()
    return _pad(x, pads, value or 0, axes, mode)


def _pad(x: Tensor, pads: list[Any], value: Any, axes: list[int] | None, mode: str) -> Tensor:
    chosen = list(range(x.ndim)) if axes is None else [axis % x.ndim for axis in axes]
    count = len(chosen)
    amounts = {axis: (pads[at], pads[at + count]) for at, axis in enumerate(chosen)}
    amounts = {axis: each for axis, each in amounts.items() if _some(each)}
    if not amounts:
        return x
    if mode == "constant":
        flat = [each for axis in reversed(range(x.ndim)) for each in amounts.get(axis, (0, 0))]
        while flat[-2:] == [0, 0]:
            del flat[-2:]
        if x.dtype == torch.bool:
            return functional.pad(x.to(torch.uint8), flat, value=int(value)).bool()
        return functional.pad(x, flat, value=value)
    if mode in {"reflect", "edge"} and (native := _native(x, amounts, mode)) is not None:
        return native
    take = {"reflect": reflected, "edge": edges, "wrap": wrapped}[mode]
    for axis, (before, after) in amounts.items():
        x = x.index_select(axis, take(x.shape[axis], before, after))
    return x


def _some(amounts: tuple[Any, Any]) -> bool:
    return any(not isinstance(each, int) or each != 0 for each in amounts)


def _native(x: Tensor, amounts: dict[int, tuple[Any, Any]], mode: str) -> Tensor | None:
    """torch's own, which pads the last one to three axes of floats, by no more than there is."""
    rank = x.ndim
    first = min(amounts)
    known = all(isinstance(each, int) and each >= 0 for pair in amounts.values() for each in pair)
    if not known or rank not in {3, 4, 5} or first < 2 or not x.is_floating_point():  # noqa: PLR2004
        return None
    if mode == "reflect" and any(
        isinstance(x.shape[axis], int) and max(pair) >= x.shape[axis]
        for axis, pair in amounts.items()
    ):
        return None
    flat = [each for axis in reversed(range(2, rank)) for each in amounts.get(axis, (0, 0))]
    return functional.pad(x, flat, mode="replicate" if mode == "edge" else mode)
