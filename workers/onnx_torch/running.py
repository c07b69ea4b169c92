"""Run an ONNX file in PyTorch on numpy arrays, as it is: nothing is exported."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workers.onnx_graph.nodes import Port
from workers.onnx_torch.dtypes import array_of, tensor_of
from workers.onnx_torch.importer import load


def run_model(path: Path) -> Callable[[Sequence[Any]], list[Any]]:
    """A function from the graph's inputs to its outputs, both in the graph's order.

    Arrays are numpy's (strings: objects), sequences lists, empty optionals None.

    Raises:
        InvalidModel, UnsupportedOperator: the file cannot be read, or not be translated.
    """
    module = load(path)
    outputs = module.model.graph.outputs

    def run(inputs: Sequence[Any]) -> list[Any]:
        with torch.no_grad():
            made = module(*map(_taken, inputs))
        return [_given(value, port) for value, port in zip(made, outputs, strict=True)]

    return run


def _taken(value: Any) -> Any:
    if isinstance(value, list):
        return [_taken(each) for each in value]
    if value is None:
        return None
    array = np.asarray(value)
    return array if array.dtype.kind in "OUS" else tensor_of(array.copy())


def _given(value: Any, port: Port) -> Any:
    if isinstance(value, list):
        return [_given(each, port) for each in value]
    return array_of(value, port.dtype) if isinstance(value, torch.Tensor) else value
