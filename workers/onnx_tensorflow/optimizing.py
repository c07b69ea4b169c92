"""Optimizing: one step of training, over any number of tensors at once."""

from collections.abc import Sequence
from typing import Any


def parted(tensors: Sequence[Any], kinds: int) -> list[tuple[Any, ...]]:
    """ONNX lists all tensors, then all gradients, then all states: by tensor, one of each."""
    count = len(tensors) // kinds
    return [tuple(tensors[index::count]) for index in range(count)]


def in_order(made: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    """The outputs likewise: all new tensors, then all new states."""
    return tuple(each for kind in zip(*made, strict=True) for each in kind)
