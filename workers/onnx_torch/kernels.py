"""Kernels: how support vector machines compare features with their vectors."""

from collections.abc import Sequence

import torch
from torch import Tensor

from workers.onnx_graph.refusals import CannotTranslate


def compared(x: Tensor, vectors: Tensor, kind: str, parameters: Sequence[float] | None) -> Tensor:
    """The kernel of each row with each vector; (rows, vectors). Parameters: gamma, coef0, degree.

    Raises:
        CannotTranslate: the kernel is none of ONNX's.
    """
    gamma, constant, degree = parameters or (0.0, 0.0, 0.0)
    match kind:
        case "LINEAR":
            return x @ vectors.t()
        case "POLY":
            return (gamma * (x @ vectors.t()) + constant) ** degree
        case "SIGMOID":
            return torch.tanh(gamma * (x @ vectors.t()) + constant)
        case "RBF":
            apart = (x[:, None] - vectors).square().sum(-1)
            return torch.exp(-gamma * apart)
        case _:
            raise CannotTranslate(f"has the kernel '{kind}', which ONNX does not know")
