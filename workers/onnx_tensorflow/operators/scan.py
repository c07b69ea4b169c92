"""Scan: a graph run for each element along an axis."""

from typing import Any, Final

import numpy as np
import tensorflow as tf

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant
from workers.onnx_tensorflow.extents import are_known, length, normal, rank_of
from workers.onnx_tensorflow.layout import laid, plain
from workers.onnx_tensorflow.looping import Loop

Marks = list[int] | None

TRUE: Final = Constant(np.ones((), bool))


@operator("Scan", since=8)
def scan_8(
    lens: tf.Tensor | None, *values: tf.Tensor, body: Body, num_scan_inputs: int, directions: Marks
) -> tuple[Any, ...]:
    """One sequence of the batch after the other; shorter ones are filled up with zeros."""
    batch = values[0].shape[0]
    if not are_known([batch]):
        raise CannotTranslate(
            "of version 8 needs the batch before the model runs",
            hint="Convert the model to opset 9 or later, or fix its batch.",
        )
    rows, states = [], len(values) - num_scan_inputs
    for index in range(batch):
        mine = [each[index] for each in values]
        if lens is not None:
            mine[states:] = [each[: lens[index]] for each in mine[states:]]
        made = _scanned(mine, body, num_scan_inputs, directions, None, None, None)
        rows.append(made)
    most = length(values[-1], 1)
    columns = [list(column) for column in zip(*rows, strict=True)]
    filled = [[_filled(each, most) for each in column] for column in columns[states:]]
    return tuple(tf.stack(plain(column)) for column in columns[:states] + filled)


@operator("Scan", since=9)
def scan(
    *values: tf.Tensor,
    body: Body,
    num_scan_inputs: int,
    scan_input_axes: Marks,
    scan_input_directions: Marks,
    scan_output_axes: Marks,
    scan_output_directions: Marks,
) -> tuple[Any, ...]:
    """A direction of 1 is backwards."""
    return _scanned(
        list(values),
        body,
        num_scan_inputs,
        scan_input_directions,
        scan_input_axes,
        scan_output_directions,
        scan_output_axes,
    )


def _scanned(  # noqa: PLR0917 - what the two versions have in common
    values: list[tf.Tensor],
    body: Body,
    scanned: int,
    ways_in: Marks,
    axes_in: Marks,
    ways_out: Marks,
    axes_out: Marks,
) -> tuple[Any, ...]:
    count = len(values) - scanned
    states, inputs = values[:count], values[count:]
    lines = [
        _first(each, axis, turned=bool(way))
        for each, axis, way in zip(
            inputs, axes_in or [0] * scanned, ways_in or [0] * scanned, strict=True
        )
    ]

    def step(run: Any, before: list[Any]) -> tuple[Any, list[Any], list[Any]]:
        made = body(*before, *(line[run] for line in lines))
        return None, made[:count], [laid(each).plain for each in made[count:]]

    ports = body.graph.outputs[count:]
    loop = Loop(step, length(lines[0], 0), unended=True, ports=ports)
    ends, rows = loop.run(TRUE, list(states))
    given = [
        _last(row, axis, turned=bool(way))
        for row, axis, way in zip(
            rows, axes_out or [0] * len(rows), ways_out or [0] * len(rows), strict=True
        )
    ]
    return (*ends, *given)


def _first(x: tf.Tensor, axis: int, *, turned: bool) -> tf.Tensor:
    """With that axis before the others."""
    rank = rank_of(x)
    place = normal(axis, rank)
    order = [place, *(each for each in range(rank) if each != place)]
    x = x if place == 0 else tf.transpose(x, order)
    return tf.reverse(x, [0]) if turned else x


def _last(rows: tf.Tensor, axis: int, *, turned: bool) -> tf.Tensor:
    """With the first axis brought to that place."""
    rank = rank_of(rows)
    place = normal(axis, rank)
    rows = tf.reverse(rows, [0]) if turned else rows
    if place == 0:
        return rows
    order = list(range(1, rank))
    order.insert(place, 0)
    return tf.transpose(rows, order)


def _filled(rows: tf.Tensor, most: Any) -> tf.Tensor:
    missing = most - tf.shape(rows)[0]
    return tf.pad(rows, [[0, missing], *([[0, 0]] * (rank_of(rows) - 1))])
