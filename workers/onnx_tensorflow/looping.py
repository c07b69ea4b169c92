"""Looping: a body run again and again, its states carried on and the rest that it gives stacked.

Eagerly, and in a graph where the number of runs is known and small, in Python; else as a
`tf.while_loop`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import tensorflow as tf

from workers.onnx_graph.nodes import Port
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_tensorflow.carriers import carrier
from workers.onnx_tensorflow.conditions import known, truth
from workers.onnx_tensorflow.extents import are_known
from workers.onnx_tensorflow.layout import plain

UNROLLED: Final = 32
"""Runs up to which they are written out one by one."""

States = list[Any]

Step = Callable[[Any, States], tuple[Any, States, list[tf.Tensor]]]
"""Takes the number of the run and the states; whether to go on, the states, what is to be stacked.
The first is None where nothing but the count ends the loop."""

HINT: Final = "Make the number of its runs a constant of the model, or unroll the loop."


@dataclass(frozen=True, slots=True)
class Loop:
    """`count` is None where only the condition ends it; `unended` where only the count does.

    `ports` are the body's outputs that are stacked.
    """

    step: Step
    count: Any
    unended: bool
    ports: Sequence[Port]

    def run(self, going: Any, states: States) -> tuple[States, list[tf.Tensor]]:
        """The last states, and for each that is stacked the stack."""
        short = self.unended and known(going) is not None and are_known([self.count])
        if tf.executing_eagerly() or (short and self.count <= UNROLLED):
            return self._in_python(going, states)
        return self._in_graph(going, states)

    def _in_python(self, going: Any, states: States) -> tuple[States, list[tf.Tensor]]:
        rows: list[list[tf.Tensor]] = []
        goes = known(going)
        run = 0
        while goes and (self.count is None or run < self.count):
            on, states, row = self.step(run, states)
            rows.append(row)
            goes = on is None or self.unended or known(on)
            run += 1
        if not rows:
            return states, [_nothing(each) for each in self.ports]
        return states, [tf.stack(column) for column in zip(*rows, strict=True)]

    def _in_graph(self, going: Any, states: States) -> tuple[States, list[tf.Tensor]]:
        states = _uniform(plain(states))
        shapes, rows = self._settled(states)
        arrays = [
            tf.TensorArray(each.dtype, size=0, dynamic_size=True, element_shape=each.shape)
            for each in rows
        ]

        def body(run: tf.Tensor, _: tf.Tensor, before: States, stacks: States) -> Any:
            on, after, row = self._traced(run, before)
            written = [stack.write(run, each) for stack, each in zip(stacks, row, strict=True)]
            return run + 1, on, after, written

        def goes(run: tf.Tensor, on: tf.Tensor, *_: Any) -> tf.Tensor:
            return on if self.count is None else on & (run < self.count)

        start = (tf.constant(0), truth(going), states, arrays)
        invariants = (
            tf.TensorShape([]),
            tf.TensorShape([]),
            tf.nest.map_structure(lambda each: each.shape, shapes),
            [tf.TensorShape(None) for _ in arrays],
        )
        _, _, ends, stacked = tf.while_loop(goes, body, start, shape_invariants=invariants)
        return ends, [each.stack() for each in stacked]

    def _traced(self, run: Any, before: States) -> tuple[tf.Tensor, States, list[tf.Tensor]]:
        on, after, row = self.step(run, before)
        after = _uniform(plain(after))
        return tf.constant(True) if on is None else truth(on), after, plain(row)  # noqa: FBT003 - a tensor of it

    def _settled(self, states: States) -> tuple[Any, Any]:
        """Shapes that hold for the states in every run, and those of what is stacked."""
        specs = tf.nest.map_structure(tf.TensorSpec.from_tensor, states)
        while True:
            traced = tf.function(self._traced, autograph=False)
            run = tf.TensorSpec([], tf.int32)
            _, after, row = traced.get_concrete_function(run, specs).structured_outputs
            try:
                wider = tf.nest.map_structure(_common, specs, after)
            except (TypeError, ValueError) as error:
                raise CannotTranslate(
                    "carries a sequence whose length changes from run to run", hint=HINT
                ) from error
            if wider == specs:
                return specs, row
            specs = wider


def _nothing(port: Port) -> tf.Tensor:
    """A stack of no runs, in the shape that the graph declares for one."""
    sizes = [each if isinstance(each, int) else 0 for each in port.shape or ()]
    return tf.zeros([0, *sizes], carrier(port.dtype or 1))


def _common(one: tf.TensorSpec, other: tf.TensorSpec) -> tf.TensorSpec:
    return tf.TensorSpec(one.shape.most_specific_compatible_shape(other.shape), one.dtype)


def _uniform(states: States) -> States:
    """A state that is left out has no type that a loop could carry."""
    if any(each is None for each in states):
        raise CannotTranslate("carries an optional that is empty", hint=HINT)
    return states
