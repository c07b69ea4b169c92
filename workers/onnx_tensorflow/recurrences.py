"""Recurrences: a cell carried along the sequences of a batch, in one direction or both."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import tensorflow as tf

from workers.onnx_tensorflow.extents import are_known, lengths, shape_of

States = tuple[tf.Tensor, ...]

Cell = Callable[[tf.Tensor, States], States]
"""Takes what the input gives all gates (batch, gates * hidden) and the states before; the states
after, of which the first is what the cell gives."""

UNROLLED: Final = 32
"""Steps up to which they are written out one by one: no loop to start, and all to be fused."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one direction: `w` (gates, inputs), `r` (gates, hidden), their biases, and peepholes."""

    w: tf.Tensor
    r: tf.Tensor
    b_w: tf.Tensor | None
    b_r: tf.Tensor | None
    p: tf.Tensor | None


@dataclass(frozen=True, slots=True)
class Sequences:
    """A batch of sequences, and how they are to be read.

    `x` is (time, batch, inputs), or (batch, time, inputs) with `layout` 1; `starts` are the
    states before, (directions, batch, hidden) or (batch, directions, hidden).
    """

    x: tf.Tensor
    lens: tf.Tensor | None
    starts: tuple[tf.Tensor | None, ...]
    direction: str
    layout: int


def directions(
    w: tf.Tensor, r: tf.Tensor, b: tf.Tensor | None, p: tf.Tensor | None = None
) -> list[Weights]:
    """The weights of each direction."""
    count = int(w.shape[0])
    found = []
    for index in range(count):
        b_w, b_r = (None, None) if b is None else tf.split(b[index], 2)
        peep = None if p is None else p[index]
        found.append(Weights(w[index], r[index], b_w, b_r, peep))
    return found


def carried(
    sequences: Sequences, weights: list[Weights], cells: list[Cell]
) -> tuple[tf.Tensor, ...]:
    """All that the cells give, and their last states, as ONNX lays them out."""
    x = tf.transpose(sequences.x, [1, 0, 2]) if sequences.layout else sequences.x
    starts = [
        tf.transpose(each, [1, 0, 2]) if each is not None and sequences.layout else each
        for each in sequences.starts
    ]
    given: list[tf.Tensor] = []
    last: list[States] = []
    for index, (weight, cell) in enumerate(zip(weights, cells, strict=True)):
        backwards = sequences.direction == "reverse" or index == 1
        hidden = int(weight.r.shape[-1])
        batch = lengths(x)[1]
        states = tuple(
            tf.zeros(shape_of([batch, hidden]), x.dtype) if each is None else each[index]
            for each in starts
        )
        ordered = _turned(x, sequences.lens) if backwards else x
        gates = tf.linalg.matmul(ordered, weight.w, transpose_b=True)
        gates = gates if weight.b_w is None else gates + weight.b_w
        made, ends = _along(gates, states, cell, sequences.lens)
        given.append(_turned(made, sequences.lens) if backwards else made)
        last.append(ends)
    y = tf.stack(given, axis=1)
    whole = [tf.stack(each, axis=0) for each in zip(*last, strict=True)]
    if sequences.layout:
        y, whole = tf.transpose(y, [2, 0, 1, 3]), [tf.transpose(each, [1, 0, 2]) for each in whole]
    return (y, *whole)


def _turned(x: tf.Tensor, lens: tf.Tensor | None) -> tf.Tensor:
    """Backwards in time, each sequence as far as it goes."""
    if lens is None:
        return tf.reverse(x, [0])
    return tf.reverse_sequence(x, lens, seq_axis=0, batch_axis=1)


def _along(
    gates: tf.Tensor, states: States, cell: Cell, lens: tf.Tensor | None
) -> tuple[tf.Tensor, States]:
    """The cell at every step; (time, batch, hidden), and the last states."""
    steps = lengths(gates)[0]

    def at(step: Any, gate: tf.Tensor, before: States) -> tuple[tf.Tensor, States]:
        after = cell(gate, before)
        if lens is None:
            return after[0], after
        going = (step < tf.cast(lens, tf.int32))[:, None]
        kept = tuple(tf.where(going, new, old) for new, old in zip(after, before, strict=True))
        return tf.where(going, after[0], tf.zeros([], after[0].dtype)), kept

    if are_known([steps]) and 0 < steps <= UNROLLED:
        given = []
        for step, gate in enumerate(tf.unstack(gates, num=steps)):
            made, states = at(step, gate, states)
            given.append(made)
        return tf.stack(given), states
    return _looped(gates, states, steps, at)


def _looped(
    gates: tf.Tensor, states: States, steps: Any, at: Callable[..., tuple[tf.Tensor, States]]
) -> tuple[tf.Tensor, States]:
    shape = states[0].shape
    empty = tf.TensorArray(gates.dtype, size=steps, element_shape=shape)

    def body(step: tf.Tensor, given: tf.TensorArray, *before: tf.Tensor) -> Any:
        made, after = at(step, gates[step], before)
        return (step + 1, given.write(step, made), *after)

    _, given, *ends = tf.while_loop(
        lambda step, *_: step < steps, body, (tf.constant(0), empty, *states)
    )
    stacked = given.stack()
    return tf.ensure_shape(stacked, [gates.shape[0], *shape]), tuple(ends)
