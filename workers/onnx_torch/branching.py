"""Branching: two branches of which the input decides, as one node of a program."""

from typing import Any

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.refusals import CannotTranslate


def branched(condition: Any, then: Body, other: Body) -> tuple[Any, ...]:
    """Both branches, with what they read from around them as operands."""
    raise CannotTranslate("depends on the data")
