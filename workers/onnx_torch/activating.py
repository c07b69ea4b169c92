"""Activating: what ONNX Runtime fuses into the operator before it, by ONNX's name for it."""

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.refusals import CannotTranslate

PLAIN: Final[Mapping[str, Callable[[Tensor], Tensor]]] = {
    "": lambda x: x,
    "Gelu": functional.gelu,
    "HardSwish": functional.hardswish,
    "Mish": functional.mish,
    "Relu": functional.relu,
    "Sigmoid": torch.sigmoid,
    "Softplus": functional.softplus,
    "Softsign": functional.softsign,
    "Tanh": torch.tanh,
}

PARAMETRIC: Final[Mapping[str, Callable[[Tensor, float, float], Tensor]]] = {
    "Clip": torch.clamp,
    "Elu": lambda x, alpha, _: functional.elu(x, alpha),
    "HardSigmoid": lambda x, alpha, beta: torch.clamp(alpha * x + beta, 0, 1),
    "LeakyRelu": lambda x, alpha, _: functional.leaky_relu(x, alpha),
    "ThresholdedRelu": lambda x, alpha, _: functional.threshold(x, alpha, 0),
}

DEFAULTS: Final[Mapping[str, tuple[float, float]]] = {
    "Clip": (float("-inf"), float("inf")),
    "Elu": (1.0, 0.0),
    "HardSigmoid": (0.2, 0.5),
    "LeakyRelu": (0.01, 0.0),
    "ThresholdedRelu": (1.0, 0.0),
}


def refused(node: Node) -> str | None:
    """Why the activation of a node cannot be done."""
    name = str(node.attributes.get("activation") or "")
    if name in PLAIN or name in PARAMETRIC:
        return None
    return f"has the activation '{name}' fused into it, which is not known"


def activated(
    x: Tensor, name: str | None, alpha: float | None = None, beta: float | None = None
) -> Tensor:
    """The activation of that name, with its parameters or its defaults; none of no name.

    Raises:
        CannotTranslate: ONNX Runtime fuses none of that name.
    """
    if (plain := PLAIN.get(name or "")) is not None:
        return plain(x)
    if (parametric := PARAMETRIC.get(name or "")) is None:
        raise CannotTranslate(f"has the activation '{name}' fused into it, which is not known")
    first, second = DEFAULTS[name or ""]
    return parametric(x, first if alpha is None else alpha, second if beta is None else beta)
