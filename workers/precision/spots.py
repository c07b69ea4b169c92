"""Spots: the nodes of a graph that int8 is good for, and the axis of each weight's channels."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workers.onnx_files.opsets import DEFAULT
from workers.precision.slots import FLOAT


class Operator(StrEnum):
    """What has int8 kernels worth having: products of an activation and a constant weight."""

    CONV = "Conv"
    CONV_TRANSPOSE = "ConvTranspose"
    GEMM = "Gemm"
    MATMUL = "MatMul"


@dataclass(frozen=True, slots=True)
class Spot:
    """A node whose first input and weight are quantised; `axis` None: one scale for all of it."""

    node: str
    tensor: str
    weight: str
    axis: int | None


def spots(
    model: Any,
    types: Mapping[str, str],
    operators: Collection[Operator],
    left_out: Collection[str],
    *,
    per_channel: bool,
) -> Iterator[Spot]:
    """Every node of those operators with a constant float32 weight, in the graph's order."""
    weights = {each.name: len(each.dims) for each in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type not in operators or node.domain not in DEFAULT or node.name in left_out:
            continue
        tensor, weight = node.input[0], node.input[1]
        if weight not in weights or tensor in weights:
            continue
        if types.get(tensor) == FLOAT == types.get(weight):
            axis = _axis(node, weights[weight]) if per_channel else None
            yield Spot(node.name, tensor, weight, axis)


def _axis(node: Any, rank: int) -> int | None:
    """The axis of the output channels, where each has weights of its own."""
    told = {each.name: each.i for each in node.attribute}
    match Operator(node.op_type):
        case Operator.CONV:
            return 0
        case Operator.CONV_TRANSPOSE:  # beyond one group its channels share the axis
            return 1 if told.get("group", 1) == 1 else None
        case Operator.GEMM:
            return 0 if told.get("transB") else 1
        case Operator.MATMUL:
            return 1 if rank == 2 else None  # noqa: PLR2004 - a matrix
