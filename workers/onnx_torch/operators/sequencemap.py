"""SequenceMap: a body for each element of a sequence."""

from typing import Any

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator


@operator("SequenceMap")
def sequence_map(sequence: Raw, *others: Raw, body: Body) -> tuple[list[Any], ...]:
    """Of the other inputs sequences are gone through as well, tensors are given each time."""
    made = [
        body(each, *(other[index] if isinstance(other, list) else other for other in others))
        for index, each in enumerate(sequence)
    ]
    return tuple([row[at] for row in made] for at in range(len(body.graph.outputs)))
