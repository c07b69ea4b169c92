"""SequenceErase: a sequence without one of its elements."""

from typing import Any

from workers.onnx_graph.kinds import Number, Raw
from workers.onnx_graph.registry import operator


@operator("SequenceErase")
def sequence_erase(sequence: Raw, position: Number | None = None) -> list[Any]:
    """The last, where no position is given."""
    kept = list(sequence)
    del kept[-1 if position is None else int(position)]
    return kept
