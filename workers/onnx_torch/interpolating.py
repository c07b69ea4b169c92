"""Interpolating: which of torch's own modes does exactly what a Resize asks for."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from workers.onnx_torch.resampling import Method, Stretch

LINEAR = {3: "linear", 4: "bilinear", 5: "trilinear"}
"""By rank."""

HALF = {"half_pixel", "pytorch_half_pixel"}


def interpolated(x: Tensor, method: Method, stretches: Sequence[Stretch]) -> Tensor | None:
    """`x` by `torch.nn.functional.interpolate`; None where that would not be the same."""
    if x.ndim not in LINEAR or any(each.axis < 2 for each in stretches):  # noqa: PLR2004
        return None
    how = _mode(x, method, stretches)
    if how is None:
        return None
    mode, corners = how
    smooth = method.antialias
    by_axis = {each.axis: each for each in stretches}
    spatial = range(2, x.ndim)
    plain = [by_axis[axis].scale if axis in by_axis else 1.0 for axis in spatial]
    if all(_lands(x, each) for each in stretches):
        return functional.interpolate(
            x, scale_factor=plain, mode=mode, align_corners=corners, antialias=smooth
        )
    lengths = [by_axis[axis].length if axis in by_axis else x.shape[axis] for axis in spatial]
    return functional.interpolate(
        x, size=lengths, mode=mode, align_corners=corners, antialias=smooth
    )


def _mode(
    x: Tensor, method: Method, stretches: Sequence[Stretch]
) -> tuple[str, bool | None] | None:
    if method.mode == "nearest":
        same = _same_as_nearest(method, stretches)
        return ("nearest", None) if same else None
    if not (x.is_floating_point() and _weighs(x, method)):
        return None
    mode = LINEAR[x.ndim] if method.mode == "linear" else "bicubic"
    if method.transformation == "align_corners":
        return (mode, True) if all(map(_exact, stretches)) else None
    single = any(isinstance(each.length, int) and each.length == 1 for each in stretches)
    if method.transformation == "pytorch_half_pixel" and single:
        return None
    return (mode, False) if method.transformation in HALF else None


def _weighs(x: Tensor, method: Method) -> bool:
    """Whether torch has the kernel: it leaves out what lies outside where it smooths, and there
    alone, and has a coefficient for either."""
    if method.exclude_outside != method.antialias:
        return False
    plane = x.ndim == 4  # noqa: PLR2004
    if method.mode == "linear":
        return plane or not method.antialias
    return plane and method.coefficient == (-0.5 if method.antialias else -0.75)


def _same_as_nearest(method: Method, stretches: Sequence[Stretch]) -> bool:
    """torch takes the element `floor(new / scale)`."""
    if method.transformation == "asymmetric":
        return method.nearest == "floor"
    rounds = method.nearest in {"round_prefer_floor", "round_prefer_ceil"}
    whole = all(isinstance(each.scale, float) and each.scale.is_integer() for each in stretches)
    return method.transformation in HALF and rounds and whole


def _lands(x: Tensor, stretch: Stretch) -> bool:
    """Whether torch comes to the same length by the scale; in float32 it may be one more."""
    if stretch.sized:
        return False
    length = x.shape[stretch.axis]
    return not isinstance(length, int) or int(length * stretch.scale) == stretch.length


def _exact(stretch: Stretch) -> bool:
    """Whether the length is the old one times the scale, without a rest."""
    return stretch.sized or (isinstance(stretch.scale, float) and stretch.scale.is_integer())
