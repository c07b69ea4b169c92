"""SequenceEmpty: a sequence without elements."""

from typing import Any

from workers.onnx_graph.registry import operator


@operator("SequenceEmpty")
def sequence_empty() -> list[Any]:
    """A list has no element type, so that none is kept."""
    return []
