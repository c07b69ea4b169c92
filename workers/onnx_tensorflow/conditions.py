"""Conditions: truth values, known when the graph is traced or not."""

from typing import Any

import tensorflow as tf

from workers.onnx_graph.nodes import Graph
from workers.onnx_graph.values import Constant
from workers.onnx_tensorflow.layout import laid


def known(value: Any) -> bool | None:
    """What it is, or None where the input decides."""
    static = value.array if isinstance(value, Constant) else tf.get_static_value(laid(value).plain)
    return None if static is None else bool(static.reshape(-1)[0])


def truth(value: Any) -> tf.Tensor:
    """As a scalar tensor."""
    return tf.reshape(tf.cast(laid(value).plain, tf.bool), [])


def endless(body: Graph) -> bool:
    """Whether a loop's body never ends it: its condition is the one that it was given, or true."""
    name = body.outputs[0].name
    makers = {output: node for node in body.nodes for output in node.outputs}
    while name in makers and makers[name].operator == "Identity":
        name = makers[name].inputs[0]
    if name in makers and makers[name].operator == "Constant":
        return bool(makers[name].attributes.get("value"))
    if name in body.constants:
        return bool(body.constants[name].array)
    return name == body.inputs[1].name
