"""Layouts: what follows a convolution computes on axes stored elsewhere than ONNX says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
from onnx import TensorProto, helper, numpy_helper

from workers.onnx_graph.values import Constant
from workers.onnx_tensorflow.layout import Laid, aligned, channels_last, laid
from workers.onnx_tensorflow.running import load, run_model
from workers.onnx_tensorflow.saving import traced

RANDOM = np.random.default_rng(11)
COORDINATES = "coordinate_transformation_mode"
ZEROS = np.zeros(4, np.int8)
IMAGE = RANDOM.standard_normal((2, 3, 6, 5)).astype(np.float32)


def array(*values: Any, dtype: Any = np.int64) -> Any:
    return np.array(values, dtype)


def drawn(*shape: int) -> Any:
    return RANDOM.standard_normal(shape).astype(np.float32)


AFTER: list[tuple[str, Sequence[Any], dict[str, Any]]] = [
    ("Add", [drawn(4, 1, 1)], {}),
    ("Add", [drawn(5)], {}),
    ("Mul", [drawn(2, 1, 6, 1)], {}),
    ("Sub", [drawn(3, 2, 4, 6, 5)], {}),
    ("Where", [drawn(2, 4, 6, 5), drawn(4, 1, 1)], {"condition": True}),
    ("PRelu", [drawn(4, 1, 1)], {}),
    ("Max", [drawn(6, 1), drawn(1)], {}),
    *[("Softmax", [], {"axis": axis}) for axis in (1, -1)],
    ("LogSoftmax", [], {"axis": 2}),
    ("ArgMax", [], {"axis": 1, "keepdims": 0, "dtype": TensorProto.INT64}),
    ("ReduceMean", [array(1)], {"keepdims": 0}),
    ("ReduceMean", [array(2, 3)], {"keepdims": 1}),
    ("ReduceMax", [array(0, 2)], {"keepdims": 0}),
    ("ReduceL2", [array(1, -1)], {"keepdims": 1}),
    ("CumSum", [np.array(1, np.int64)], {}),
    ("LpNormalization", [], {"axis": 1}),
    ("LRN", [], {"size": 3}),
    ("InstanceNormalization", [drawn(4), drawn(4)], {}),
    ("LayerNormalization", [drawn(5), drawn(5)], {"axis": -1}),
    ("LayerNormalization", [drawn(4, 6, 5)], {"axis": 1}),
    ("GroupNormalization", [drawn(4), drawn(4)], {"num_groups": 2}),
    ("BatchNormalization", [*(drawn(4), drawn(4), drawn(4)), np.abs(drawn(4))], {}),
    ("Pad", [array(0, 1, 2, 0, 0, 0, 1, 3), np.array(2.5, np.float32)], {}),
    ("Pad", [array(0, 0, 2, 1, 0, 0, 1, 3)], {"mode": "reflect"}),
    ("Pad", [array(1, 2, 0, 1), None, array(1, 3)], {"mode": "edge"}),
    ("Pad", [array(0, 0, 2, -1, 0, 0, -1, 3)], {"mode": "wrap"}),
    ("Concat", [drawn(2, 3, 6, 5)], {"axis": 1}),
    ("Concat", [drawn(2, 4, 6, 2)], {"axis": -1}),
    ("Slice", [array(1, 0), array(3, 4), array(1, 3), array(1, 2)], {}),
    ("Transpose", [], {"perm": [2, 0, 3, 1]}),
    ("Reshape", [array(0, 4, -1)], {}),
    ("Reshape", [array(2, 4, 5, 3, 2)], {}),
    ("Reshape", [array(0, 2, -1, 6)], {}),
    ("Reshape", [array(1, 4, -1)], {}),
    ("Flatten", [], {"axis": 2}),
    ("Unsqueeze", [array(1, -1)], {}),
    ("GlobalAveragePool", [], {}),
    ("MaxPool", [], {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1], "strides": [2, 1]}),
    ("MaxPool", [], {"kernel_shape": [2, 2], "dilations": [2, 1], "ceil_mode": 1}),
    ("AveragePool", [], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    ("AveragePool", [], {"kernel_shape": [2, 2], "ceil_mode": 1, "strides": [2, 2]}),
    ("AveragePool", [], {"kernel_shape": [2, 3], "count_include_pad": 1, "pads": [1, 1, 0, 1]}),
    ("LpPool", [], {"kernel_shape": [2, 2]}),
    ("ConvTranspose", [drawn(4, 2, 3, 3)], {"strides": [2, 2], "pads": [1, 0, 1, 1]}),
    ("ConvTranspose", [drawn(4, 2, 4, 4)], {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    (
        "ConvTranspose",
        [drawn(4, 3, 2, 2)],
        {"group": 2, "output_padding": [1, 0], "strides": [2, 1]},
    ),
    *[
        ("Resize", [None, array(1, 1, *scales, dtype=np.float32)], {"mode": mode, **more})
        for mode, scales, more in (
            ("nearest", (2, 2), {}),
            ("nearest", (2, 3), {COORDINATES: "asymmetric", "nearest_mode": "floor"}),
            ("nearest", (0.5, 1.4), {"nearest_mode": "ceil"}),
            ("linear", (2, 2), {}),
            ("linear", (1.5, 0.8), {COORDINATES: "align_corners"}),
            ("linear", (2, 1), {COORDINATES: "pytorch_half_pixel"}),
            ("linear", (0.5, 0.6), {"antialias": 1}),
            ("cubic", (2, 1.2), {}),
        )
    ],
    ("QuantizeLinear", [np.abs(drawn(4)), ZEROS], {"axis": 1, "dtype": TensorProto.INT8}),
    ("Clip", [np.array(0, np.float32), np.array(6, np.float32)], {}),
    ("DepthToSpace", [], {"blocksize": 2}),
    ("Gather", [array(2, 0)], {"axis": 1}),
    ("MatMul", [drawn(5, 3)], {}),
]  # fmt: skip


def after_a_convolution(
    operator: str, others: Sequence[Any], attributes: dict[str, Any]
) -> onnx.ModelProto:
    attributes = dict(attributes)
    dtype = attributes.pop("dtype", TensorProto.FLOAT)
    first = ["mask"] if attributes.pop("condition", False) else []
    names = [f"w{index}" if each is not None else "" for index, each in enumerate(others)]
    constants = {name: each for name, each in zip(names, others, strict=True) if name}
    if first:
        constants["mask"] = RANDOM.random((4, 6, 1)) > 0.5
    inputs = [*first, "seen", *names][: len(names) + 1 + len(first)]
    if first:
        inputs = ["mask", "seen", names[1]]
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["seen"]),
        helper.make_node(operator, inputs, ["y"], **attributes),
    ]
    constants["kernel"] = drawn(4, 3, 1, 1)
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 6, 5])],
        [helper.make_tensor_value_info("y", dtype, None)],
        [numpy_helper.from_array(each, name) for name, each in constants.items()],
    )
    opset = 21 if operator == "GroupNormalization" else 19
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


@pytest.mark.parametrize(
    ("operator", "others", "attributes"),
    AFTER,
    ids=[f"{case[0]}-{index}" for index, case in enumerate(AFTER)],
)
def test_operators_find_their_axes(
    operator: str, others: Sequence[Any], attributes: dict[str, Any], tmp_path: Path
) -> None:
    model = after_a_convolution(operator, others, attributes)
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    wanted = onnxruntime.InferenceSession(str(path)).run(None, {"x": IMAGE})[0]
    found = run_model(path)([IMAGE])[0]
    assert found.dtype == wanted.dtype
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-5)
    function = traced(load(path)).function
    answer = function(x=tf.constant(IMAGE))["y"].numpy()
    np.testing.assert_allclose(answer, wanted, rtol=1e-3, atol=1e-5)


def test_a_layout_is_made_once() -> None:
    value = Laid(tf.constant(IMAGE))
    order = channels_last(4)
    assert value.at(order) is value.at(order)
    assert value.at(order).tensor.shape == (2, 6, 5, 3)
    np.testing.assert_array_equal(value.at(order).plain, IMAGE)


def test_axes_of_length_one_are_reshaped_not_transposed() -> None:
    @tf.function(input_signature=[tf.TensorSpec([None, 7, 1, 1])], autograph=False)
    def last(x: Any) -> Any:
        return Laid(x).at(channels_last(4)).tensor

    graph = last.get_concrete_function().graph
    assert "Transpose" not in {each.type for each in graph.get_operations()}
    assert last(tf.ones([2, 7, 1, 1])).shape == (2, 1, 1, 7)


def test_a_bias_of_channels_becomes_a_vector_beside_an_image() -> None:
    image = Laid(tf.zeros([2, 6, 5, 4]), channels_last(4))
    bias = laid(Constant(drawn(4, 1, 1)))
    tensors, order = aligned([image, bias])
    assert order == channels_last(4)
    assert tensors[1].shape == (4,)
