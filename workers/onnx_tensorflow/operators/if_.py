"""If: one of two graphs, as a condition says."""

from typing import Any

import tensorflow as tf

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.conditions import known, truth
from workers.onnx_tensorflow.layout import plain


@operator("If")
def if_(condition: Raw, *, then_branch: Body, else_branch: Body) -> tuple[Any, ...]:
    """Only the graph that is wanted is traced, where that is known."""
    told = known(condition)
    if told is not None:
        return tuple(then_branch() if told else else_branch())

    def taken(branch: Body) -> list[Any]:
        made = plain(branch())
        if any(each is None for each in made):
            raise CannotTranslate("gives an optional that may be empty, which is no tensor")
        return made

    try:
        made = tf.cond(truth(condition), lambda: taken(then_branch), lambda: taken(else_branch))
    except (TypeError, ValueError) as error:
        raise CannotTranslate(
            f"has branches that do not give the same: {str(error).splitlines()[0]}",
            hint="Make its condition a constant of the model.",
        ) from error
    return tuple(made)
