"""Sequences: Python lists of tensors, whose places are known before the model runs."""

from typing import Any

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_tensorflow.extents import are_known, whole


def placed(position: Any) -> int:
    """A position as an int; refused where the input tells it."""
    place = whole(position)
    if not are_known([place]):
        raise CannotTranslate(
            "changes a sequence at a position that is only known when the model runs",
            hint="Make the position a constant of the model.",
        )
    return int(place)
