"""Loop: a body again and again, so many times or as long as a condition holds."""

from typing import Any

import numpy as np
import torch
from onnx import TensorProto

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.nodes import Port
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant
from workers.onnx_torch.dtypes import TORCH
from workers.onnx_torch.knowing import scalar, tensor, truth
from workers.onnx_torch.looping import LONGEST, looped


@operator("Loop")
def loop(trips: Raw | None, condition: Raw | None, *carried: Raw, body: Body) -> tuple[Any, ...]:
    """The body takes the trip's number, the condition and what is carried.

    It gives the condition, what is carried on, and a slice of each of the other outputs.
    """
    limit = None if trips is None else scalar(trips)
    holds: bool | None = True if condition is None else truth(condition)
    counted = isinstance(limit, int | np.integer)
    if holds is None or (trips is not None and not counted) or _is_long(limit):
        return looped(trips, condition, list(carried), body)
    values, slices, trip = list(carried), [], 0
    while holds and (limit is None or trip < limit):
        going = Constant(np.array(holds))
        carry_on, *made = body(Constant(np.array(trip, np.int64)), going, *values)
        holds = truth(carry_on)
        if holds is None:
            return looped(trips, condition, list(carried), body)
        values, fresh = made[: len(values)], made[len(values) :]
        slices.append([tensor(each) for each in fresh])
        trip += 1
    return (*values, *_stacked(slices, body, len(values)))


def _is_long(limit: Any) -> bool:
    """Whether a program had better not have each trip written out."""
    return limit is not None and limit > LONGEST and torch.compiler.is_exporting()


def _stacked(slices: list[list[Any]], body: Body, carried: int) -> list[Any]:
    if slices:
        return [joined(list(each)) for each in zip(*slices, strict=True)]
    return [_none(port) for port in body.graph.outputs[1 + carried :]]


def _none(port: Port) -> Any:
    """No slices of an output, in its own type as far as the file says that."""
    if port.dtype == TensorProto.STRING:
        return np.empty(0, dtype=object)
    lengths = [each if isinstance(each, int) else 0 for each in port.shape or ()]
    return torch.zeros((0, *lengths), dtype=TORCH.get(port.dtype or 0, torch.float32))


def joined(slices: list[Any]) -> Any:
    """One after the other along a new first axis."""
    if any(isinstance(each, np.ndarray) for each in slices):
        return np.stack(slices)
    return torch.stack(slices)
