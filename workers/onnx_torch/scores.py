"""Scores: what classifiers make of the numbers that they end with, and the label that wins."""

from collections.abc import Sequence
from math import pi
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.values import Constant

WINITZKI = 0.147
"""The constant of the approximation of the inverse error function that ONNX Runtime has, too."""


def transformed(scores: Tensor, post: str | None) -> Tensor:
    """ONNX's `post_transform` of (rows, classes)."""
    match post:
        case None | "NONE":
            return scores
        case "LOGISTIC":
            return scores.sigmoid()
        case "SOFTMAX":
            return scores.softmax(-1)
        case "SOFTMAX_ZERO":
            most = scores.amax(-1, keepdim=True)
            near = scores.abs() <= 1e-7  # noqa: PLR2004 - the operator's own bound
            raised = torch.where(near, scores * torch.exp(-most), torch.exp(scores - most))
            total = raised.sum(-1, keepdim=True)
            return torch.where(total == 0, 0.5, raised / total)
        case "PROBIT":
            return _probit(scores)
        case _:
            raise CannotTranslate(f"has the post_transform '{post}', which ONNX does not know")


def pair(score: Tensor, post: str | None, *, complement: bool) -> Tensor:
    """Two scores of the one of a binary classifier, (rows, 1): the other is 1 - s, or -s.

    Of the transforms ONNX Runtime knows logistic here, and takes no softmax of the pair.
    """
    if post == "LOGISTIC":
        return torch.cat((-score, score), -1).sigmoid()
    if post == "PROBIT":
        return torch.cat((1 - score, score), -1) if complement else _probit(score)
    return torch.cat((1 - score if complement else -score, score), -1)


def named(
    places: Tensor, numbers: Sequence[int] | None, words: Sequence[str] | None, *, wanted: bool
) -> Any:
    """The labels of classes by place: a tensor, or strings, which no exported program can give.

    `wanted`: whether anybody reads them.
    """
    if words:
        if not wanted:
            return None
        if torch.compiler.is_exporting():
            raise CannotTranslate(
                "gives its labels as strings, of which torch has no tensors",
                hint="Cut the labels off, and take the scores.",
            )
        return Constant(np.array(list(words), dtype=object)[places.numpy()])
    return places if not numbers else torch.tensor(list(numbers))[places]


def _probit(x: Tensor) -> Tensor:
    centred = 2 * x - 1
    inner = torch.log((1 - centred) * (1 + centred))
    mean = 2 / (pi * WINITZKI) + 0.5 * inner
    root = torch.sqrt(torch.sqrt(mean * mean - inner / WINITZKI) - mean)
    return 2**0.5 * torch.sign(centred) * root
