"""Small ONNX models, written by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def value(name: str, shape: Any, kind: int = FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def weight(name: str, *shape: int, seed: int = 0, dtype: Any = np.float32) -> Any:
    drawn = np.random.default_rng(seed).standard_normal(shape).astype(dtype)
    return numpy_helper.from_array(drawn, name)


def whole(name: str, *numbers: int) -> Any:
    return numpy_helper.from_array(np.array(numbers, np.int64), name)


def model(
    nodes: list[Any],
    inputs: list[Any],
    outputs: list[Any],
    weights: list[Any] | None = None,
    opset: int = 18,
    **more: Any,
) -> Any:
    graph = helper.make_graph(nodes, "net", inputs, outputs, weights or [])
    opsets = [helper.make_opsetid("", opset), *more.pop("opsets", ())]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10, **more)


def saved(built: Any, folder: Path, name: str = "model.onnx") -> Path:
    path = folder / name
    onnx.save(built, path)
    return path


def convolutional(opset: int = 18) -> Any:
    """Batch, height and width may vary; `relu` is the node in its middle."""
    node = helper.make_node
    return model(
        [
            node("Conv", ["x", "w1", "b1"], ["c1"], name="conv", pads=[1] * 4),
            node("Relu", ["c1"], ["r1"], name="relu"),
            node("GlobalAveragePool", ["r1"], ["p"], name="pool"),
            node("Flatten", ["p"], ["f"], name="flat"),
            node("Gemm", ["f", "w2", "b2"], ["y"], name="head"),
        ],
        [value("x", ["batch", 3, "height", "width"])],
        [value("y", ["batch", 5])],
        [
            weight("w1", 8, 3, 3, 3),
            weight("b1", 8, seed=1),
            weight("w2", 8, 5, seed=2),
            weight("b2", 5, seed=3),
        ],
        opset,
    )


def modern() -> Any:
    """Operators that are younger than opset 13, and some that changed since."""
    node = helper.make_node
    return model(
        [
            node("LayerNormalization", ["x", "scale", "bias"], ["n"], name="norm"),
            node("Gelu", ["n"], ["g"], name="gelu"),
            node("HardSwish", ["g"], ["h"], name="swish"),
            node("ReduceMean", ["h", "axes"], ["m"], name="mean", keepdims=0),
            node("Softmax", ["m"], ["y"], name="softmax"),
        ],
        [value("x", ["batch", "length", 6])],
        [value("y", ["batch", 6])],
        [weight("scale", 6), weight("bias", 6, seed=1), whole("axes", 1)],
        opset=20,
    )


def constant() -> Any:
    """No inputs at all."""
    return model(
        [helper.make_node("Add", ["a", "b"], ["y"], name="add")],
        [],
        [value("y", [2, 3])],
        [weight("a", 2, 3), weight("b", 3, seed=1)],
    )
