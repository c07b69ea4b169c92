"""LSTM: a recurrence with a memory beside its state."""

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


@operator("LSTM")
def lstm(  # noqa: PLR0917 - ONNX's inputs
    x: tf.Tensor,
    w: tf.Tensor,
    r: tf.Tensor,
    b: tf.Tensor | None = None,
    sequence_lens: tf.Tensor | None = None,
    initial_h: tf.Tensor | None = None,
    initial_c: tf.Tensor | None = None,
    p: tf.Tensor | None = None,
    *,
    activation_alpha: list[float] | None,
    activation_beta: list[float] | None,
    activations: list[str] | None,
    clip: float | None,
    direction: str,
    input_forget: int | None,
    layout: int | None,
) -> tuple[tf.Tensor, ...]:
    """Gates are i (input), o (output), f (forget) and c (the new)."""
    weights = directions(w, r, b, p)
    default = ["Sigmoid", "Tanh", "Tanh"]
    chosen = functions.activations(
        activations, default, activation_alpha, activation_beta, len(weights)
    )
    cells = [
        _cell(each, three, clip, coupled=bool(input_forget))
        for each, three in zip(weights, chosen, strict=True)
    ]
    sequences = Sequences(x, sequence_lens, (initial_h, initial_c), direction, layout or 0)
    return carried(sequences, weights, cells)


def _cell(weights: Weights, three: list[Activation], clip: float | None, *, coupled: bool) -> Cell:
    """`coupled`: what is not taken in is what is kept. Peepholes are of i, o and f."""
    f, g, h = three
    p_i, p_o, p_f = (0, 0, 0) if weights.p is None else tf.split(weights.p, 3)
    peeping = weights.p is not None

    def step(gates: tf.Tensor, before: States) -> States:
        state, memory = before
        whole = gates + tf.linalg.matmul(state, weights.r, transpose_b=True)
        whole = whole if weights.b_r is None else whole + weights.b_r
        i, o, keep, new = tf.split(whole, 4, axis=-1)
        i = f(clipped(i + p_i * memory if peeping else i, clip))
        keep = 1 - i if coupled else f(clipped(keep + p_f * memory if peeping else keep, clip))
        memory = keep * memory + i * g(clipped(new, clip))
        o = f(clipped(o + p_o * memory if peeping else o, clip))
        return o * h(memory), memory

    return step
