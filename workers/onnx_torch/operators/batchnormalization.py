"""BatchNormalization: by the mean and the variance of each channel."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_torch.halves import widened


@operator("BatchNormalization", since=1)
def batchnormalization_1(
    x: Tensor,
    scale: Tensor,
    b: Tensor,
    mean: Tensor,
    var: Tensor,
    *,
    epsilon: float,
    momentum: float,
    spatial: int | None,
    node: Node,
) -> Tensor | tuple[Tensor, ...]:
    """Training is told by the outputs: whoever wants running statistics wants them updated.

    Without `spatial` each element of a channel has a mean and a variance of its own.
    """
    training = any(node.outputs[1:])
    if spatial == 0:
        found = _normalized(x, scale, b, _statistics(x, [0]) if training else (mean, var), epsilon)
    elif training:
        found = _normalized(x, scale, b, _statistics(x, _others(x)), epsilon)
    else:
        return batchnormalization(
            x, scale, b, mean, var, epsilon=epsilon, momentum=momentum, training_mode=0
        )
    if not training:
        return found
    own = _statistics(x, [0] if spatial == 0 else _others(x))
    return (found, *_running((mean, var), own, momentum), *own)


@operator("BatchNormalization", since=14)
def batchnormalization(
    x: Tensor,
    scale: Tensor,
    b: Tensor,
    mean: Tensor,
    var: Tensor,
    *,
    epsilon: float,
    momentum: float,
    training_mode: int,
) -> Tensor | tuple[Tensor, ...]:
    """By the statistics given, or in training by those of x, which then update the ones given."""
    if training_mode:
        own = _statistics(x, _others(x))
        found = _normalized(x, scale, b, own, epsilon)
        return (found, *(each.to(mean.dtype) for each in _running((mean, var), own, momentum)))
    if x.dtype == scale.dtype == mean.dtype:
        return functional.batch_norm(x, mean, var, scale, b, eps=epsilon)
    plain, middle, spread, factor, moved = (
        each.to(torch.float32) for each in (x, mean, var, scale, b)
    )
    found = functional.batch_norm(plain, middle, spread, factor, moved, eps=epsilon)
    return found.to(x.dtype)


def _others(x: Tensor) -> list[int]:
    """All axes but that of the channels."""
    return [0, *range(2, x.ndim)]


def _statistics(x: Tensor, axes: list[int]) -> tuple[Tensor, Tensor]:
    wide = widened(x)
    return wide.mean(axes), wide.var(axes, correction=0)


def _normalized(
    x: Tensor, scale: Tensor, b: Tensor, statistics: tuple[Tensor, Tensor], epsilon: float
) -> Tensor:
    mean, var, scale, b = (
        each.reshape(*each.shape, *[1] * (x.ndim - 1 - each.ndim))
        for each in (*statistics, scale, b)
    )
    return ((x - mean) * torch.rsqrt(var + epsilon) * scale + b).to(x.dtype)


def _running(
    given: tuple[Tensor, Tensor], own: tuple[Tensor, Tensor], momentum: float
) -> tuple[Tensor, ...]:
    pairs = zip(given, own, strict=True)
    return tuple(old * momentum + new * (1 - momentum) for old, new in pairs)
