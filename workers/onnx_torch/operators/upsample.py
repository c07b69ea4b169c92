"""Upsample: what Resize was called before."""

from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.resize import resize_10


@operator("Upsample", since=1)
def upsample_1(x: Tensor, *, height_scale: float, mode: str, width_scale: float) -> Tensor:
    """Two axes, each with an attribute of its own."""
    scales = [1.0] * (x.ndim - 2) + [height_scale, width_scale]
    return upsample(x, scales, mode=mode)


@operator("Upsample", since=7)
def upsample_7(x: Tensor, *, mode: str, scales: list[float]) -> Tensor:
    """All axes in an attribute."""
    return upsample(x, scales, mode=mode)


@operator("Upsample", since=9)
def upsample(x: Tensor, scales: Ints, *, mode: str) -> Tensor:
    """All axes in an input. "bilinear" was said before "linear"."""
    return resize_10(x, scales, mode="linear" if mode == "bilinear" else mode)
