"""LinearClassifier: classes by linear functions of the features."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator
from workers.onnx_torch.scores import named, pair, transformed


@operator("LinearClassifier")
def linear_classifier(
    x: Tensor,
    *,
    classlabels_ints: list[int] | None,
    classlabels_strings: list[str] | None,
    coefficients: list[float],
    intercepts: list[float] | None,
    node: Any,
    post_transform: str,
) -> tuple[Any, Tensor]:
    """One function for two classes says whether it is the second."""
    rows = x.reshape(1, -1) if x.ndim == 1 else x
    weights = torch.tensor(coefficients).reshape(-1, rows.shape[1])
    bias = None if not intercepts else torch.tensor(intercepts)
    scores = functional.linear(rows.float(), weights, bias)
    classes = len(classlabels_ints or classlabels_strings or ())
    wanted = bool(node.outputs[0])
    if weights.shape[0] == 1:
        places = (scores[:, 0] > 0).long()
        two = classes == 2  # noqa: PLR2004
        made = pair(scores, post_transform, complement=True) if two else scores
    else:
        places = scores.argmax(-1)
        made = transformed(scores, post_transform)
    return named(places, classlabels_ints, classlabels_strings, wanted=wanted), made
