"""Resize: axes stretched or shrunk by scales, or to sizes."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.fx.experimental.symbolic_shapes import statically_known_true

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.interpolating import interpolated
from workers.onnx_torch.resampling import Method, Stretch, resample


@operator("Resize", since=10)
def resize_10(x: Tensor, scales: Ints, *, mode: str) -> Tensor:
    """As Upsample: from an element to the next, without half pixels."""
    method = Method(mode, "asymmetric", "floor")
    return stretched(x, method, by_scales(x, list(range(x.ndim)), scales))


@operator("Resize", since=11)
def resize(
    x: Tensor,
    roi: Ints | None = None,
    scales: Ints | None = None,
    sizes: Ints | None = None,
    *,
    antialias: int | None,
    axes: list[int] | None,
    coordinate_transformation_mode: str,
    cubic_coeff_a: float,
    exclude_outside: int,
    extrapolation_value: float,
    keep_aspect_ratio_policy: str | None,
    mode: str,
    nearest_mode: str,
) -> Tensor:
    """Either scales or sizes are given, for all axes or those named."""
    method = Method(
        mode,
        coordinate_transformation_mode,
        nearest_mode,
        cubic_coeff_a,
        bool(exclude_outside),
        bool(antialias),
        extrapolation_value,
    )
    chosen = list(range(x.ndim)) if axes is None else [axis % x.ndim for axis in axes]
    if scales:
        stretches = by_scales(x, chosen, scales)
    else:
        stretches = _by_sizes(x, chosen, sizes or [], keep_aspect_ratio_policy or "stretch")
    if coordinate_transformation_mode == "tf_crop_and_resize" and roi:
        count = len(chosen)
        parts = zip(stretches, roi[:count], roi[count:], strict=True)
        stretches = [replace(each, start=start, end=end) for each, start, end in parts]
    return stretched(x, method, stretches)


def stretched(x: Tensor, method: Method, stretches: list[Stretch]) -> Tensor:
    """By torch's own where that does the same, else an axis after the other."""
    active = [each for each in stretches if not _idle(each)]
    if not active:
        return x
    native = interpolated(x, method, active)
    if native is not None:
        return native
    for each in active:
        x = resample(x, method, each)
    return x


def by_scales(x: Tensor, axes: list[int], scales: list[Any]) -> list[Stretch]:
    """Lengths are rounded down.

    Scales are float32: 0.7 is taken for what was meant, not for 0.699999988.
    """
    meant = [float(str(np.float32(each))) if isinstance(each, float) else each for each in scales]
    return [
        Stretch(axis, _times(x.shape[axis], scale), scale, sized=False)
        for axis, scale in zip(axes, meant, strict=True)
    ]


def _by_sizes(x: Tensor, axes: list[int], sizes: list[Any], policy: str) -> list[Stretch]:
    lengths = [x.shape[axis] for axis in axes]
    scales = [_quotient(size, length) for size, length in zip(sizes, lengths, strict=True)]
    if policy != "stretch":
        choose = torch.sym_min if policy == "not_larger" else torch.sym_max
        joint = scales[0]
        for scale in scales[1:]:
            joint = choose(joint, scale)
        scales = [joint] * len(axes)
        sizes = [torch.sym_int(joint * length + 0.5) for length in lengths]
    parts = zip(axes, sizes, scales, strict=True)
    return [Stretch(axis, size, scale, sized=True) for axis, size, scale in parts]


def _quotient(size: Any, length: Any) -> Any:
    """1, where a symbol is divided by itself."""
    return 1.0 if statically_known_true(size == length) else size / length


def _times(length: Any, scale: float) -> Any:
    if isinstance(scale, float) and scale.is_integer():
        return length * int(scale)
    if isinstance(length, int) and isinstance(scale, float):
        return int(np.float32(length) * np.float32(scale))
    return torch.sym_int(length * scale)


def _idle(stretch: Stretch) -> bool:
    """Whether nothing becomes of the axis."""
    whole = isinstance(stretch.start, float | int) and (stretch.start, stretch.end) == (0, 1)
    if not whole:
        return False
    return isinstance(stretch.scale, float | int) and stretch.scale == 1
