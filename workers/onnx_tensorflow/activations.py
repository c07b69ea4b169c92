"""Activations: the functions that a recurrence's cell names."""

from collections.abc import Callable
from typing import Any, Final

import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate

Activation = Callable[[tf.Tensor], tf.Tensor]

DEFAULTS: Final[dict[str, tuple[float | None, float | None]]] = {
    "relu": (None, None),
    "tanh": (None, None),
    "sigmoid": (None, None),
    "softsign": (None, None),
    "softplus": (None, None),
    "affine": (1.0, 0.0),
    "leakyrelu": (0.01, None),
    "thresholdedrelu": (1.0, None),
    "scaledtanh": (1.0, 1.0),
    "hardsigmoid": (0.2, 0.5),
    "elu": (1.0, None),
}
"""alpha and beta by name; None where the function has none."""


def activations(
    names: list[str] | None,
    default: list[str],
    alphas: list[float] | None,
    betas: list[float] | None,
    count: int,
) -> list[list[Activation]]:
    """For each of `count` directions those of its gates.

    alphas and betas are taken one after the other by the functions that have them.
    """
    left = [list(alphas or []), list(betas or [])]
    each = len(default)
    chosen = ((names or default) * count)[: each * count]
    made = [_named(name, left) for name in chosen]
    return [made[index : index + each] for index in range(0, len(made), each)]


def _named(name: str, left: list[list[float]]) -> Activation:
    known = DEFAULTS.get(name.lower())
    if known is None:
        raise CannotTranslate(f"knows no activation {name!r}")
    alpha, beta = (
        given.pop(0) if default is not None and given else default
        for given, default in zip(left, known, strict=True)
    )
    return lambda x: _apply(name.lower(), x, alpha, beta)


def _apply(name: str, x: tf.Tensor, alpha: Any, beta: Any) -> tf.Tensor:  # noqa: PLR0911 - one for each
    match name:
        case "affine":
            return alpha * x + beta
        case "leakyrelu":
            return tf.nn.leaky_relu(x, alpha)
        case "thresholdedrelu":
            return tf.where(x > alpha, x, tf.zeros([], x.dtype))
        case "scaledtanh":
            return alpha * tf.tanh(beta * x)
        case "hardsigmoid":
            return tf.clip_by_value(alpha * x + beta, 0, 1)
        case "elu":
            return tf.where(x < 0, alpha * tf.math.expm1(x), x)
        case "relu":
            return tf.nn.relu(x)
        case _:
            return getattr(tf.math, name)(x)


def clipped(x: tf.Tensor, clip: float | None) -> tf.Tensor:
    """Within plus and minus `clip`, if there is one."""
    return x if clip is None else tf.clip_by_value(x, -clip, clip)
