"""Optimizing: one step of training, over any number of tensors at once."""

from torch import Tensor


def parted(tensors: tuple[Tensor, ...], kinds: int) -> list[tuple[Tensor, ...]]:
    """ONNX lists all tensors, then all gradients, then all states: by tensor, one of each."""
    count = len(tensors) // kinds
    return [tensors[index::count] for index in range(count)]


def in_order(made: list[tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    """The outputs likewise: all new tensors, then all new states."""
    return tuple(each for kind in zip(*made, strict=True) for each in kind)
