"""Channels: the second axis in torch, the last where ONNX Runtime lays images out so."""

from torch import Tensor


def channels_first(x: Tensor, last: int | None) -> Tensor:
    """As torch has them, whether or not they are last in x."""
    return x.movedim(-1, 1) if last else x


def channels_back(x: Tensor, last: int | None) -> Tensor:
    """Where they were."""
    return x.movedim(1, -1) if last else x
