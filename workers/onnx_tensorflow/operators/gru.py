"""GRU: a recurrence that keeps a part of its state, and forgets a part of it."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow import activations as functions
from workers.onnx_tensorflow.activations import Activation, clipped
from workers.onnx_tensorflow.recurrences import (
    Cell,
    Sequences,
    States,
    Weights,
    carried,
    directions,
)


@operator("GRU")
def gru(  # noqa: PLR0917 - ONNX's inputs
    x: tf.Tensor,
    w: tf.Tensor,
    r: tf.Tensor,
    b: tf.Tensor | None = None,
    sequence_lens: tf.Tensor | None = None,
    initial_h: tf.Tensor | None = None,
    *,
    activation_alpha: list[float] | None,
    activation_beta: list[float] | None,
    activations: list[str] | None,
    clip: float | None,
    direction: str,
    layout: int | None,
    linear_before_reset: int | None,
) -> tuple[tf.Tensor, ...]:
    """Gates are z (keep), r (forget) and h (the new)."""
    weights = directions(w, r, b)
    chosen = functions.activations(
        activations, ["Sigmoid", "Tanh"], activation_alpha, activation_beta, len(weights)
    )
    cells = [
        _cell(each, f, g, clip, late=bool(linear_before_reset))
        for each, (f, g) in zip(weights, chosen, strict=True)
    ]
    sequences = Sequences(x, sequence_lens, (initial_h,), direction, layout or 0)
    return carried(sequences, weights, cells)


def _cell(
    weights: Weights, f: Activation, g: Activation, clip: float | None, *, late: bool
) -> Cell:
    """`late`: what the state gives the new is worked out before a part of it is forgotten."""
    hidden = int(weights.r.shape[-1])
    r_zr, r_h = tf.split(weights.r, [2 * hidden, hidden])
    b_zr, b_h = (0, 0) if weights.b_r is None else tf.split(weights.b_r, [2 * hidden, hidden])

    def step(gates: tf.Tensor, before: States) -> States:
        state = before[0]
        x_zr, x_h = tf.split(gates, [2 * hidden, hidden], axis=-1)
        both = x_zr + tf.linalg.matmul(state, r_zr, transpose_b=True) + b_zr
        z, reset = tf.split(f(clipped(both, clip)), 2, axis=-1)
        if late:
            kept = reset * (tf.linalg.matmul(state, r_h, transpose_b=True) + b_h)
        else:
            kept = tf.linalg.matmul(reset * state, r_h, transpose_b=True) + b_h
        new = g(clipped(x_h + kept, clip))
        return ((1 - z) * new + z * state,)

    return step
