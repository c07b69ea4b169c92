"""Kinds of layers: how the variables of each are read into the canonical form and back."""

from collections.abc import Callable, Iterator

from workers.transplant.kinds import (
    attention,
    batch_norm,
    convolution,
    dense,
    depthwise,
    einsum_dense,
    gru,
    lstm,
    norm,
    normalization,
    separable,
    simple_rnn,
)
from workers.transplant.kinds.parameter import parameter
from workers.transplant.units import Group, Reading

Kind = Callable[[Group], Iterator[Reading]]

KINDS: tuple[Kind, ...] = (
    separable.readings,
    depthwise.readings,
    convolution.readings,
    dense.readings,
    einsum_dense.readings,
    batch_norm.readings,
    norm.readings,
    normalization.readings,
    lstm.readings,
    gru.readings,
    simple_rnn.readings,
    attention.readings,
)

__all__ = ["KINDS", "parameter"]
