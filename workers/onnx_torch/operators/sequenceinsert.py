"""SequenceInsert: a sequence with one more element."""

from typing import Any

from workers.onnx_graph.kinds import Number, Raw
from workers.onnx_graph.registry import operator


@operator("SequenceInsert")
def sequence_insert(sequence: Raw, element: Raw, position: Number | None = None) -> list[Any]:
    """At its end, where no position is given."""
    whole = list(sequence)
    whole.insert(len(whole) if position is None else int(position), element)
    return whole
