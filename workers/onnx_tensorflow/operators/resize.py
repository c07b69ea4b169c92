"""Resize: an image of another size, by one of many ways to find what is between the pixels."""

from workers.onnx_graph.kinds import Ints, Raw
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.resizing import Way, resized
from workers.onnx_tensorflow.scales import scales_of


@operator("Resize", since=11)
def resize(
    x: Stored,
    roi: Raw = None,
    scales: Raw = None,
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
) -> Laid:
    """By scales or to sizes, of all axes or of some."""
    places = list(range(x.rank)) if axes is None else [axis % x.rank for axis in axes]
    way = Way(
        mode=mode,
        coordinates=coordinate_transformation_mode,
        nearest=nearest_mode,
        cubic=cubic_coeff_a,
        exclude=bool(exclude_outside),
        antialias=bool(antialias),
        beyond=extrapolation_value,
    )
    told = scales_of(x, places, scales, sizes, keep_aspect_ratio_policy or "stretch")
    return resized(x, told, way, roi=roi)


@operator("Resize", since=10)
def resize_10(x: Stored, scales: Raw, *, mode: str) -> Laid:
    """From the upper left corner, nearest downwards."""
    return upsampled(x, scales, mode)


def upsampled(x: Laid, scales: Raw, mode: str) -> Laid:
    """What Upsample did, and Resize before version 11."""
    way = Way(mode=mode, coordinates="asymmetric", nearest="floor")
    told = scales_of(x, list(range(x.rank)), scales, None, "stretch")
    return resized(x, told, way, roi=None)
