"""Branching: whether what a model runs is decided by its data."""

from collections.abc import Iterable
from typing import Final

BRANCHING: Final = frozenset(
    {
        *("If", "Loop", "Scan", "SequenceMap"),  # ONNX
        *("cond", "while_loop", "scan", "map_impl", "associative_scan"),  # torch.export
        *("prim::If", "prim::Loop"),  # TorchScript
        *("StatelessIf", "While", "StatelessWhile", "Case", "StatelessCase"),  # TensorFlow
        *("Switch", "Merge", "Enter", "LoopCond"),  # TensorFlow 1
        *("IF", "WHILE"),  # TensorFlow Lite
    }
)
"""Operators that run one of several graphs, or one again and again, as their frameworks call
them."""


def branches(operators: Iterable[str]) -> bool:
    """Whether one of them is of that kind."""
    return not BRANCHING.isdisjoint(operators)
