"""TreeEnsembleClassifier: classes for which the leaves of decision trees vote."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.scores import named, pair, transformed
from workers.onnx_torch.trees import aggregated, grown


@operator("TreeEnsembleClassifier")
def tree_ensemble_classifier(
    x: Tensor,
    *,
    base_values: list[float] | None,
    base_values_as_tensor: Any | None,
    class_ids: list[int],
    class_weights: list[float] | None,
    class_weights_as_tensor: Any | None,
    classlabels_int64s: list[int] | None,
    classlabels_strings: list[str] | None,
    node: Any,
    post_transform: str,
) -> tuple[Any, Tensor]:
    """Trees that vote for one of two classes only are a binary classifier.

    ONNX says little of those; what is done here is what ONNX Runtime does.
    """
    classes = len(classlabels_int64s or classlabels_strings or ())
    scores = aggregated(
        x, grown(node.attributes, "class", max(classes, max(class_ids) + 1)), "SUM"
    )
    base = base_values if base_values_as_tensor is None else base_values_as_tensor.tolist()
    if base:
        more = torch.zeros(scores.shape[1], dtype=scores.dtype)
        more[: len(base)] = torch.tensor(base, dtype=scores.dtype)
        scores = scores + more
    votes = set(class_ids)
    binary = classes <= 2 and len(votes) == 1  # noqa: PLR2004
    if binary:
        weights = class_weights if class_weights_as_tensor is None else class_weights_as_tensor
        positive = min(weights or [0] if isinstance(weights, list | None) else weights) >= 0
        only = scores[:, min(votes)]
        places = (only > (0.5 if positive else 0)).long()
        alone = votes == {0} and len(base or ()) < 2  # noqa: PLR2004
        if alone:
            made = pair(only[:, None], post_transform, complement=positive)
            return _labelled(places, made, classlabels_int64s, classlabels_strings, node)
    else:
        places = scores.argmax(-1)
    made = transformed(scores, post_transform)
    return _labelled(places, made, classlabels_int64s, classlabels_strings, node)


def _labelled(
    places: Tensor, scores: Tensor, numbers: list[int] | None, words: list[str] | None, node: Any
) -> tuple[Any, Tensor]:
    wanted = bool(node.outputs[0])
    return named(places, numbers, words, wanted=wanted), scores.float()
