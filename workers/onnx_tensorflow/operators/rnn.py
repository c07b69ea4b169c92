"""RNN: the plainest recurrence, of one gate."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.activations import Activation, activations, clipped
from workers.onnx_tensorflow.recurrences import (
    Cell,
    Sequences,
    States,
    Weights,
    carried,
    directions,
)


@operator("RNN")
def rnn(  # noqa: PLR0917 - ONNX's inputs
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
) -> tuple[tf.Tensor, ...]:
    """H = f(X W + H R + biases)."""
    weights = directions(w, r, b)
    functions = _functions(activations, activation_alpha, activation_beta, len(weights))
    cells = [_cell(each, f, clip) for each, (f,) in zip(weights, functions, strict=True)]
    sequences = Sequences(x, sequence_lens, (initial_h,), direction, layout or 0)
    return carried(sequences, weights, cells)


def _functions(
    names: list[str] | None, alphas: list[float] | None, betas: list[float] | None, count: int
) -> list[list[Activation]]:
    return activations(names, ["Tanh"], alphas, betas, count)


def _cell(weights: Weights, f: Activation, clip: float | None) -> Cell:
    def step(gates: tf.Tensor, before: States) -> States:
        whole = gates + tf.linalg.matmul(before[0], weights.r, transpose_b=True)
        whole = whole if weights.b_r is None else whole + weights.b_r
        return (f(clipped(whole, clip)),)

    return step
