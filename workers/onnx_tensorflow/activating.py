"""Activating: what ONNX Runtime fuses into the operator before it, by ONNX's name for it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from workers.onnx_graph.refusals import CannotTranslate

DEFAULTS: Final[Mapping[str, tuple[float, float]]] = {
    "Clip": (float("-inf"), float("inf")),
    "Elu": (1.0, 0.0),
    "HardSigmoid": (0.2, 0.5),
    "LeakyRelu": (0.01, 0.0),
}


def activated(
    x: Any, name: str | None, alpha: float | None = None, beta: float | None = None
) -> Any:
    """The activation of that name, with its parameters or its defaults; none of no name.

    Raises:
        CannotTranslate: ONNX Runtime fuses none of that name.
    """
    if not name:
        return x
    first, second = DEFAULTS.get(name, (0.0, 0.0))
    compute = _known(first if alpha is None else alpha, second if beta is None else beta).get(name)
    if compute is None:
        raise CannotTranslate(f"has the activation '{name}' fused into it, which is not known")
    return compute(x)


def _known(alpha: float, beta: float) -> Mapping[str, Callable[[Any], Any]]:
    import tensorflow as tf

    return {
        "Clip": lambda x: tf.clip_by_value(x, alpha, beta),
        "Elu": lambda x: tf.where(x > 0, x, alpha * tf.math.expm1(tf.minimum(x, 0))),
        "Gelu": tf.nn.gelu,
        "HardSigmoid": lambda x: tf.clip_by_value(alpha * x + beta, 0, 1),
        "HardSwish": lambda x: x * tf.nn.relu6(x + 3) * (1 / 6),
        "LeakyRelu": lambda x: tf.nn.leaky_relu(x, alpha),
        "Relu": tf.nn.relu,
        "Sigmoid": tf.sigmoid,
        "Softplus": tf.math.softplus,
        "Softsign": tf.nn.softsign,
        "Tanh": tf.tanh,
    }
