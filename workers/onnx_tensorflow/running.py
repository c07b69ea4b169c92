"""Run an ONNX model in TensorFlow, eagerly on the CPU."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workers.onnx_graph.nodes import Model
from workers.onnx_graph.reading import read
from workers.onnx_graph.values import Constant, Symbols
from workers.onnx_graph.walking import Walker
from workers.onnx_tensorflow.carriers import carried, told
from workers.onnx_tensorflow.framework import REGISTRY, TensorFlow
from workers.onnx_tensorflow.layout import laid
from workers.onnx_tensorflow.weights import Import, importing


def load(path: Path) -> Model:
    """The model at `path`, with functions replaced that no operator file has.

    Raises:
        InvalidModel, UnsupportedOperator: as `workers.onnx_graph.reading.read`.
    """

    def has(domain: str, name: str, version: int) -> bool:
        return REGISTRY.find(domain, name, version) is not None

    return read(path, has)


def run_model(path: Path | str) -> Callable[[Sequence[Any]], list[Any]]:
    """A callable from the model's inputs to its outputs, in their order.

    Arrays are numpy's (strings as objects of str, small types as ml_dtypes'); sequences are
    lists of arrays; an optional that is empty is None.

    Raises:
        InvalidModel, UnsupportedOperator: the model, or an operator in it, cannot be read.
    """
    model = load(Path(path))
    walker = Walker(TensorFlow(), REGISTRY)
    session = Import()

    def run(inputs: Sequence[Any]) -> list[Any]:
        import tensorflow as tf

        with tf.device("/cpu:0"), importing(session):
            made = walker.run(model.graph, [_entering(each) for each in inputs])
            ports = model.graph.outputs
            return [_leaving(value, port.dtype) for value, port in zip(made, ports, strict=True)]

    return run


def _entering(value: Any) -> Any:
    import numpy as np
    import tensorflow as tf

    if value is None:
        return None
    if isinstance(value, list):
        return [_entering(each) for each in value]
    return tf.constant(carried(np.asarray(value)))


def _leaving(value: Any, dtype: int | None) -> Any:
    import numpy as np

    if value is None:
        return None
    if isinstance(value, list):
        return [_leaving(each, dtype) for each in value]
    if isinstance(value, Constant):
        return told(value.array, dtype)
    if isinstance(value, Symbols):
        return np.asarray(value.array, dtype=value.dtype)
    return told(np.asarray(laid(value).plain.numpy()), dtype)
