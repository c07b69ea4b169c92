"""Freezing: one graph with the weights inside and nothing left to call."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.domain.signatures import Signature
from workers.tensorflow_bridge.tracing import Traced

KEEPS_CALLS = ("_XlaMustCompile", "_noinline", "_XlaSeparateCompiledGradients")
"""Attributes that forbid inlining. Keras wraps grouped convolutions in functions that must be
compiled by XLA, which TensorFlow's CPU kernels need and ONNX does not."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A GraphDef. `inputs` and `outputs` name its tensors in the signature's order.

    `tables` are keys and values of lookup tables by their shared name.
    """

    signature: Signature
    graph: Any
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tables: dict[Any, Any]


def freeze(traced: Traced) -> Frozen:
    """Turn variables into constants and function calls into their bodies."""
    import tensorflow as tf
    from tf2onnx import tf_loader

    inputs, outputs = list(traced.inputs), list(traced.outputs)
    with tf.device("/cpu:0"):
        # The "large" way yields the graph as it is; the other builds a function of it again,
        # which holds all weights once more and takes six times as long.
        graph, tables = tf_loader.from_trackable(
            traced.owner, traced.function, inputs, outputs, large_model=True
        )
    graph = tf_loader.fix_freezing_errors_part2(tf_loader.fix_freezing_errors(graph))
    _allow_inlining(graph)
    with tf.Graph().as_default():
        graph = tf_loader.tf_optimize(inputs, outputs, graph)
    return Frozen(traced.signature, graph, traced.inputs, traced.outputs, tables)


def _allow_inlining(graph: Any) -> None:
    for owner in _attributed(graph):
        for name in KEEPS_CALLS:
            owner.attr.pop(name, None)


def _attributed(graph: Any) -> Iterator[Any]:
    yield from graph.node
    for function in graph.library.function:
        yield function
        yield from function.node_def
