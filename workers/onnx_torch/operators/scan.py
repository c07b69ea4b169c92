"""Scan: a body over the slices of some inputs, carrying states from one to the next."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.looping import scanned


@operator("Scan", since=8)
def scan_8(
    sequence_lens: Tensor | None,
    *values: Raw,
    body: Body,
    directions: list[int] | None,
    num_scan_inputs: int,
) -> tuple[Any, ...]:
    """Each element of the batch by itself, as far as its sequence goes."""
    tensors = [body.tensor(each) for each in values]
    rows = []
    for row in range(tensors[0].shape[0]):
        own = [each[row] for each in tensors]
        if sequence_lens is not None:
            length = int(sequence_lens[row].item())
            count = len(own) - num_scan_inputs
            own[count:] = [each[:length] for each in own[count:]]
        rows.append(
            scan(
                *own,
                body=body,
                num_scan_inputs=num_scan_inputs,
                scan_input_axes=None,
                scan_input_directions=directions,
                scan_output_axes=None,
                scan_output_directions=None,
            )
        )
    return tuple(_padded(list(each)) for each in zip(*rows, strict=True))


@operator("Scan", since=9)
def scan(
    *values: Raw,
    body: Body,
    num_scan_inputs: int,
    scan_input_axes: list[int] | None,
    scan_input_directions: list[int] | None,
    scan_output_axes: list[int] | None,
    scan_output_directions: list[int] | None,
) -> tuple[Any, ...]:
    """A direction of 1 is backwards, for what is read and for what is put together."""
    count = len(values) - num_scan_inputs
    states = [body.tensor(each) for each in values[:count]]
    axes = scan_input_axes or [0] * num_scan_inputs
    ways = scan_input_directions or [0] * num_scan_inputs
    read = [
        _turned(body.tensor(value).movedim(axis, 0), way)
        for value, axis, way in zip(values[count:], axes, ways, strict=True)
    ]
    states, slices = scanned(body, states, read)
    axes = scan_output_axes or [0] * len(slices)
    ways = scan_output_directions or [0] * len(slices)
    parts = zip(slices, axes, ways, strict=True)
    return (*states, *(_turned(each, way).movedim(0, axis) for each, axis, way in parts))


def _turned(x: Tensor, way: int) -> Tensor:
    return x.flip(0) if way else x


def _padded(rows: list[Tensor]) -> Tensor:
    """Rows of sequences of different lengths, with zeros at their ends."""
    longest = max((row.shape[0] for row in rows if row.ndim), default=0)
    even = [
        row
        if not row.ndim or row.shape[0] == longest
        else torch.cat((row, row.new_zeros((longest - row.shape[0], *row.shape[1:]))))
        for row in rows
    ]
    return torch.stack(even)
