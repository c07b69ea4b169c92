"""SVMClassifier: classes by support vectors, each two of them against each other."""

from collections.abc import Sequence
from itertools import accumulate, combinations
from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.kernels import compared
from workers.onnx_torch.looping import rolled
from workers.onnx_torch.scores import named, pair, transformed

TOLERANCE = 0.005
"""By class, of the probabilities that are worked out of those of pairs (LIBSVM)."""


@operator("SVMClassifier")
def svm_classifier(
    x: Tensor,
    *,
    classlabels_ints: list[int] | None,
    classlabels_strings: list[str] | None,
    coefficients: list[float],
    kernel_params: list[float] | None,
    kernel_type: str,
    node: Any,
    post_transform: str,
    prob_a: list[float] | None,
    prob_b: list[float] | None,
    rho: list[float],
    support_vectors: list[float] | None,
    vectors_per_class: list[int] | None,
) -> tuple[Any, Tensor]:
    """Pairs of classes vote; with `prob_a` their margins become probabilities."""
    rows = x.float()
    classes = max(len(classlabels_ints or classlabels_strings or ()), 1)
    bias = torch.tensor(rho)
    if vectors_per_class:
        count = sum(vectors_per_class)
        vectors = torch.tensor(support_vectors).reshape(count, -1)
        near = compared(rows, vectors, kernel_type, kernel_params)
        weights = torch.tensor(coefficients).reshape(-1, count)
        margins = _margins(near, weights, vectors_per_class) + bias
        places = _votes(margins, classes).argmax(-1)
    else:
        weights = torch.tensor(coefficients).reshape(classes, -1)
        margins = compared(rows, weights, "LINEAR", None) + bias[0]
        places = margins.argmax(-1)
    probable = bool(prob_a) and bool(vectors_per_class)
    scores = margins
    if probable:
        scores = _probabilities(margins, torch.tensor(prob_a), torch.tensor(prob_b), classes)
    wanted = bool(node.outputs[0])
    if scores.shape[1] == 1:
        made = pair(scores, post_transform, complement=False)
    else:
        made = transformed(scores, post_transform)
    return named(places, classlabels_ints, classlabels_strings, wanted=wanted), made


def _margins(near: Tensor, weights: Tensor, counts: list[int]) -> Tensor:
    """Of each pair of classes; positive for the first."""
    ends = list(accumulate(counts))
    parts = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
    found = [
        near[:, parts[one]] @ weights[other - 1, parts[one]]
        + near[:, parts[other]] @ weights[one, parts[other]]
        for one, other in combinations(range(len(counts)), 2)
    ]
    return torch.stack(found, -1)


def _votes(margins: Tensor, classes: int) -> Tensor:
    votes = [torch.zeros_like(margins[:, 0])] * classes
    for index, (one, other) in enumerate(combinations(range(classes), 2)):
        won = (margins[:, index] > 0).to(margins.dtype)
        votes[one] = votes[one] + won
        votes[other] = votes[other] + (1 - won)
    return torch.stack(votes, -1)


def _probabilities(margins: Tensor, a: Tensor, b: Tensor, classes: int) -> Tensor:
    """Of each class, so that they fit those of all pairs best (Wu, Lin, Weng 2004, as LIBSVM)."""
    first = (1 - torch.sigmoid(margins * a + b)).clamp(1e-7, 1 - 1e-7)
    pairs = margins.new_zeros((margins.shape[0], classes, classes))
    for index, (one, other) in enumerate(combinations(range(classes), 2)):
        pairs[:, one, other] = first[:, index]
        pairs[:, other, one] = 1 - first[:, index]
    square = -pairs.transpose(1, 2) * pairs
    square = square + torch.diag_embed(pairs.square().sum(1))
    found = margins.new_full((margins.shape[0], classes), 1 / classes)

    def improved(
        operands: Sequence[Tensor], states: Sequence[Tensor], _: Sequence[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        return [_improved(states[0], operands[0], classes)], []

    rounds = torch.arange(max(100, classes))
    (found,), _ = rolled(improved, [square], [found], [rounds], longest=1)
    return found


def _improved(found: Tensor, square: Tensor, classes: int) -> Tensor:
    """A round over all classes, for the rows that are not yet near enough."""
    slope = (square @ found[..., None])[..., 0]
    value = (found * slope).sum(-1, keepdim=True)
    done = (slope - value).abs().amax(-1, keepdim=True) < TOLERANCE / classes
    fresh = found
    for each in range(classes):
        own = square[:, each, each, None]
        step = (value - slope[:, each, None]) / own
        raised = fresh + step * torch.eye(classes)[each]
        value = (value + step * (step * own + 2 * slope[:, each, None])) / (1 + step) ** 2
        slope = (slope + step * square[:, each]) / (1 + step)
        fresh = raised / (1 + step)
    return torch.where(done, found, fresh)
