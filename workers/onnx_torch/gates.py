"""Gates: the activations of recurrent cells, by the names and defaults that ONNX gives them."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.refusals import CannotTranslate

Gate = Callable[[Tensor], Tensor]

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
"""alpha and beta; None: it has none."""


def gates(
    names: Sequence[str],
    alphas: Sequence[float] | None,
    betas: Sequence[float] | None,
    clip: float | None,
    clipped: Callable[[int], bool] = lambda _: True,
) -> list[Gate]:
    """One function for each name; alphas and betas go to those that have one, in order.

    What they are given is clipped to `clip` before, on both sides, if `clipped` says so of
    their place.

    Raises:
        CannotTranslate: a name is none of ONNX's.
    """
    alpha, beta = iter(alphas or ()), iter(betas or ())
    found = []
    for index, name in enumerate(names):
        known = DEFAULTS.get(name.lower())
        if known is None:
            raise CannotTranslate(f"has the activation '{name}', which ONNX does not know")
        one = None if known[0] is None else next(alpha, known[0])
        two = None if known[1] is None else next(beta, known[1])
        gate = _gate(name.lower(), one, two)
        found.append(_clipped(gate, clip) if clip is not None and clipped(index) else gate)
    return found


def _clipped(gate: Gate, clip: float) -> Gate:
    return lambda x: gate(x.clamp(-clip, clip))


def _gate(name: str, alpha: Any, beta: Any) -> Gate:
    known: dict[str, Gate] = {
        "relu": torch.relu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "softsign": functional.softsign,
        "softplus": functional.softplus,
        "affine": lambda x: x * alpha + beta,
        "leakyrelu": lambda x: functional.leaky_relu(x, alpha),
        "thresholdedrelu": lambda x: torch.where(x > alpha, x, 0),
        "scaledtanh": lambda x: alpha * torch.tanh(beta * x),
        "hardsigmoid": lambda x: (x * alpha + beta).clamp(0, 1),
        "elu": lambda x: functional.elu(x, alpha),
    }
    return known[name]
