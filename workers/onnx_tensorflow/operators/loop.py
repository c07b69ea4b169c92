"""Loop: a graph run a number of times, or until a condition fails."""

from typing import Any

import numpy as np
import tensorflow as tf

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.kinds import Number, Raw
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant
from workers.onnx_tensorflow.conditions import endless
from workers.onnx_tensorflow.extents import are_known, whole
from workers.onnx_tensorflow.layout import laid
from workers.onnx_tensorflow.looping import Loop


@operator("Loop")
def loop(
    m: Number | None = None, condition: Raw = None, *states: Raw, body: Body
) -> tuple[Any, ...]:
    """The states after the last run, and the stacks of what each run gives besides."""
    count = None if m is None else whole(m)
    true = Constant(np.ones((), bool))

    def step(run: Any, before: list[Any]) -> tuple[Any, list[Any], list[Any]]:
        number = Constant(np.array(run, np.int64)) if are_known([run]) else tf.cast(run, tf.int64)
        on, *rest = body(number, true, *before)
        kept, given = rest[: len(before)], rest[len(before) :]
        return on, kept, [laid(each).plain for each in given]

    unended = endless(body.graph) and count is not None
    made = Loop(step, count, unended, body.graph.outputs[1 + len(states) :])
    ends, rows = made.run(true if condition is None else condition, list(states))
    return (*ends, *rows)
