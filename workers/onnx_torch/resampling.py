"""Resampling: an axis at a time, by ONNX's rules for where a new element lies among the old.

The rules are those of the operator's text: https://onnx.ai/onnx/operators/onnx__Resize.html
"""

from dataclasses import dataclass
from math import floor
from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.refusals import CannotTranslate


@dataclass(frozen=True, slots=True)
class Method:
    """How elements are found and weighed; ONNX's attributes of the same names."""

    mode: str
    transformation: str
    nearest: str = "round_prefer_floor"
    coefficient: float = -0.75
    exclude_outside: bool = False
    antialias: bool = False
    extrapolation: float = 0.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """What becomes of one axis: its new length, the scale, and the part of it that is taken.

    `sized`: the length was given, and the scale follows from it.
    """

    axis: int
    length: Any
    scale: Any
    sized: bool
    start: Any = 0.0
    end: Any = 1.0


def resample(x: Tensor, method: Method, stretch: Stretch) -> Tensor:
    """`x` with one axis resampled. Floats come and go in their own dtype."""
    old = x.shape[stretch.axis]
    at = _coordinates(old, method.transformation, stretch)
    shape = [-1 if axis == stretch.axis else 1 for axis in range(x.ndim)]
    if method.mode == "nearest":
        places = _rounded(at, method.nearest).long().clamp(min=0).clamp(max=old - 1)
        found = x.index_select(stretch.axis, places)
    else:
        found = _weighed(x, at, method, stretch, shape)
    if method.transformation == "tf_crop_and_resize":
        outside = ((at < 0) | (at > old - 1)).reshape(shape)
        found = torch.where(outside, method.extrapolation, found).to(found.dtype)
    return found


def _coordinates(  # noqa: PLR0911 - one for each transformation
    old: Any, transformation: str, stretch: Stretch
) -> Tensor:
    """Of each new element, where it lies among the old ones; float64."""
    new = torch.arange(stretch.length, dtype=torch.float64)
    scale = stretch.scale
    match transformation:
        case "half_pixel":
            return (new + 0.5) / scale - 0.5
        case "pytorch_half_pixel":
            at = (new + 0.5) / scale - 0.5
            single = isinstance(stretch.length, int) and stretch.length == 1
            return torch.zeros_like(at) if single else at
        case "half_pixel_symmetric":
            exact = scale * old
            return old / 2 * (1 - stretch.length / exact) + (new + 0.5) / scale - 0.5
        case "asymmetric":
            return new / scale
        case "tf_half_pixel_for_nn":
            return (new + 0.5) / scale
        case "align_corners":
            return new * _ratio(old - 1, scale * old - 1)
        case "tf_crop_and_resize":
            part = (stretch.end - stretch.start) * (old - 1)
            if isinstance(stretch.length, int) and stretch.length == 1:
                return new + part / 2 + stretch.start * (old - 1)
            return new * _ratio(part, scale * old - 1) + stretch.start * (old - 1)
        case _:
            raise CannotTranslate(f"does not know the coordinates '{transformation}'")


def _ratio(one: Any, other: Any) -> Any:
    """Nothing of nothing: a single element lies at the start."""
    return 0.0 if isinstance(other, int | float) and other == 0 else one / other


def _rounded(at: Tensor, nearest: str) -> Tensor:
    match nearest:
        case "round_prefer_floor":
            return (at - 0.5).ceil()
        case "round_prefer_ceil":
            return (at + 0.5).floor()
        case "floor":
            return at.floor()
        case "ceil":
            return at.ceil()
        case _:
            raise CannotTranslate(f"does not know the rounding '{nearest}'")


def _weighed(x: Tensor, at: Tensor, method: Method, stretch: Stretch, shape: list[int]) -> Tensor:
    """The sum of the elements around each place by a kernel's weights."""
    if method.antialias and not isinstance(stretch.scale, int | float):
        raise CannotTranslate(
            "shrinks without aliases by a scale that varies",
            hint="Fix the lengths of its input with the wish `shape`.",
        )
    shrink = min(stretch.scale, 1.0) if method.antialias else 1.0
    reach = 1 if method.mode == "linear" else 2
    first = floor(-reach / shrink) + 1
    base = at.ceil() - 1
    ratio = at - base
    taps = range(first, 2 - first)
    weights = [_kernel((tap - ratio) * shrink, method) for tap in taps]
    old = x.shape[stretch.axis]
    if method.exclude_outside:
        inside = [((base + tap >= 0) & (base + tap < old)).to(at.dtype) for tap in taps]
        weights = [weight * each for weight, each in zip(weights, inside, strict=True)]
    if method.exclude_outside or method.antialias:
        total = torch.stack(weights).sum(0)
        weights = [weight / total for weight in weights]
    kind = x.dtype if x.dtype in {torch.float32, torch.float64} else torch.float32
    whole, found = x.to(kind), None
    for tap, weight in zip(taps, weights, strict=True):
        places = (base + tap).long().clamp(min=0).clamp(max=old - 1)
        part = whole.index_select(stretch.axis, places) * weight.to(kind).reshape(shape)
        found = part if found is None else found + part
    return _saturated(found, x)


def _kernel(distance: Tensor, method: Method) -> Tensor:
    far = distance.abs()
    if method.mode == "linear":
        return (1 - far).clamp(min=0)
    a = method.coefficient
    near = ((a + 2) * far - (a + 3)) * far * far + 1
    away = ((a * far - 5 * a) * far + 8 * a) * far - 4 * a
    return torch.where(far <= 1, near, torch.where(far < 2, away, 0.0))  # noqa: PLR2004


def _saturated(found: Any, like: Tensor) -> Tensor:
    """In the dtype that came; integers are cut off at their ends."""
    if not like.is_floating_point():
        ends = torch.iinfo(like.dtype)
        found = found.clamp(ends.min, ends.max)
    return found.to(like.dtype)
