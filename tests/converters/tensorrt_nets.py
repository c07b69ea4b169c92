"""Small ONNX graphs: sound ones, and ones with something that TensorRT does not take."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, INT32, BOOL = (
    TensorProto.FLOAT,
    TensorProto.INT64,
    TensorProto.INT32,
    TensorProto.BOOL,
)

node = helper.make_node
value = helper.make_tensor_value_info
weight = numpy_helper.from_array


def model(
    nodes: Sequence[Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    weights: Sequence[Any] = (),
) -> Any:
    graph = helper.make_graph(list(nodes), "net", list(inputs), list(outputs), list(weights))
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("my.domain", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def convolution(layers: int = 2, dtype: Any = np.float32) -> Any:
    """`x` (n, 3, h, w) to `y`."""
    draw = np.random.default_rng(0)
    nodes, weights, last, channels = [], [], "x", 3
    for each in range(layers):
        out = "y" if each == layers - 1 else f"r{each}"
        drawn = draw.standard_normal((4, channels, 3, 3)).astype(dtype)
        weights.append(weight(drawn, f"w{each}"))
        nodes.append(
            node("Conv", [last, f"w{each}"], [f"c{each}"], name=f"conv{each}", pads=[1] * 4)
        )
        nodes.append(node("Relu", [f"c{each}"], [out], name=f"relu{each}"))
        last, channels = out, 4
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    ends = [value(name, kind, ["n", size, "h", "w"]) for name, size in (("x", 3), ("y", 4))]
    return model(nodes, ends[:1], ends[1:], weights)


def wide(size: int = 64) -> Any:
    """One product with a weight of `size` by `size`."""
    weights = [weight(np.ones((size, size), np.float32), "w")]
    ends = [value(name, FLOAT, ["n", size]) for name in ("x", "y")]
    return model([node("MatMul", ["x", "w"], ["y"], name="product")], ends[:1], ends[1:], weights)


def gappy() -> Any:
    """Two nodes out of five that the parser lacks, which are neither first nor last."""
    nodes = [
        node("MatMul", ["x", "x"], ["a"], name="square"),
        node("Det", ["a"], ["d"], name="determinant"),
        node("Relu", ["d"], ["r"], name="positive"),
        node("Unique", ["r"], ["u"], name="distinct"),
        node("Abs", ["u"], ["y"], name="size"),
    ]
    return model(nodes, [value("x", FLOAT, [2, 3, 3])], [value("y", FLOAT, ["k"])])


def hidden_gaps() -> Any:
    """Two gaps that the parser meets only when it gets there: it stops at the first."""
    nodes, weights = [], []
    for each in ("one", "two"):
        weights += [
            weight(np.ones(4, np.int32), f"{each}_b"),
            weight(np.float32(0.01), f"{each}_s"),
            weight(np.int32(0), f"{each}_z"),
        ]
        names = [f"{each}_b", f"{each}_s", f"{each}_z"]
        nodes.append(node("DequantizeLinear", names, [f"{each}_f"], name=f"{each}_bias"))
    nodes.append(node("Add", ["x", "one_f"], ["a"], name="first"))
    nodes.append(node("Add", ["a", "two_f"], ["y"], name="second"))
    ends = [value(name, FLOAT, ["n", 4]) for name in ("x", "y")]
    return model(nodes, ends[:1], ends[1:], weights)


def inner_gap() -> Any:
    """The gap lies in a branch."""
    then = helper.make_graph(
        [node("Det", ["x"], ["t"], name="inner")], "then", [], [value("t", FLOAT, None)]
    )
    other = helper.make_graph(
        [node("ReduceSum", ["x"], ["e"], name="sum", keepdims=0)],
        "else",
        [],
        [value("e", FLOAT, None)],
    )
    branch = node("If", ["c"], ["y"], name="branch", then_branch=then, else_branch=other)
    inputs = [value("c", BOOL, []), value("x", FLOAT, [3, 3])]
    return model([branch], inputs, [value("y", FLOAT, None)])


def custom() -> Any:
    ends = [value(name, FLOAT, [1, 3]) for name in ("x", "y")]
    return model([node("Foo", ["x"], ["y"], name="foo", domain="my.domain")], ends[:1], ends[1:])


def text() -> Any:
    ends = [value(name, TensorProto.STRING, [1, 3]) for name in ("x", "y")]
    return model([node("Identity", ["x"], ["y"], name="same")], ends[:1], ends[1:])


def unranked() -> Any:
    ends = [value(name, FLOAT, None) for name in ("x", "y")]
    return model([node("Relu", ["x"], ["y"], name="positive")], ends[:1], ends[1:])


def dangling() -> Any:
    ends = [value(name, FLOAT, [1, 3]) for name in ("x", "y")]
    return model([node("Relu", ["nobody"], ["y"], name="positive")], ends[:1], ends[1:])


def shaped_by_input() -> Any:
    """`to` is a shape, `pick` is not, though both are short vectors of integers."""
    nodes = [
        node("Expand", ["x", "to"], ["y"], name="expand"),
        node("Gather", ["table", "pick"], ["z"], name="gather"),
    ]
    inputs = [value("x", FLOAT, [1, 4]), value("to", INT64, [2]), value("pick", INT64, [3])]
    outputs = [value("y", FLOAT, ["a", "b"]), value("z", FLOAT, [3, 2])]
    return model(nodes, inputs, outputs, [weight(np.ones((9, 2), np.float32), "table")])


def picky() -> Any:
    """Takes images of 224 by 224 only, and does not say so."""
    sizes = weight(np.array([0, 3 * 224 * 224], np.int64), "sizes")
    ends = [value("x", FLOAT, ["n", 3, "h", "w"]), value("y", FLOAT, ["n", 150528])]
    return model(
        [node("Reshape", ["x", "sizes"], ["y"], name="flat")], ends[:1], ends[1:], [sizes]
    )


def saved(path: Path, net: Any) -> Path:
    onnx.save(net, path)
    return path


def old() -> Any:
    """Of opset 6, whose Add broadcasts as no parser of today knows it."""
    ends = [value(name, FLOAT, [2, 3]) for name in "xy"]
    weights = [weight(np.ones(3, np.float32), "b")]
    nodes = [node("Add", ["x", "b"], ["y"], name="sum", broadcast=1)]
    made = model(nodes, ends[:1], ends[1:], weights)
    made.opset_import[0].version = 6
    return made


def running_product() -> Any:
    """An operator of ONNX's own that the parser takes for a plugin's."""
    ends = [value(name, FLOAT, [2, 3]) for name in "xy"]
    axis = [weight(np.array(0, np.int64), "axis")]
    nodes = [node("CumProd", ["x", "axis"], ["y"], name="run")]
    made = model(nodes, ends[:1], ends[1:], axis)
    made.opset_import[0].version = 26
    return made


def causal() -> Any:
    """An attention that the parser takes, and the builder has no kernel for."""
    ends = [value(name, FLOAT, [2, 3, 4, 8]) for name in "qkvy"]
    nodes = [node("Attention", ["q", "k", "v"], ["y"], name="look", is_causal=1)]
    made = model(nodes, ends[:3], ends[3:])
    made.opset_import[0].version = 23
    return made
