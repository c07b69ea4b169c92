"""SequenceMap: a graph run on each tensor of a sequence."""

from typing import Any

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Stored


@operator("SequenceMap")
def sequence_map(xs: Stored, *more: Stored, body: Body) -> tuple[list[Any], ...]:
    """Other sequences go along with the first; tensors are the same each time."""
    sequence: Any = xs
    others: list[Any] = list(more)
    rows = []
    for index, each in enumerate(sequence):
        along = [other[index] if isinstance(other, list) else other for other in others]
        rows.append(body(each, *along))
    if not rows:
        return tuple([] for _ in body.graph.outputs)
    return tuple(list(column) for column in zip(*rows, strict=True))
