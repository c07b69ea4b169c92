"""SequenceAt: one element of a sequence."""

from typing import Any

from workers.onnx_graph.kinds import Number, Raw
from workers.onnx_graph.registry import operator


@operator("SequenceAt")
def sequence_at(sequence: Raw, position: Number) -> Any:
    """Counted from the end, where the position is negative."""
    return sequence[int(position)]
