"""SequenceConstruct: its inputs as a sequence."""

from typing import Any

from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("SequenceConstruct")
def sequence_construct(*xs: Tensor) -> list[Any]:
    """In their order."""
    return list(xs)
