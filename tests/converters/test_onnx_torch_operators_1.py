"""Operators in torch where ONNX's own cases do not reach: old opsets, wide integers, small floats.

What ONNX Runtime computes is the oracle; numpy before opset 7, which it does not run.
"""

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from onnx import TensorProto, helper

from shared.domain.errors import UnsupportedOperator
from tests.converters.one_node import (
    RANDOM,
    assert_same,
    bytes_,
    compare,
    floats,
    in_torch,
    model_of,
    of,
    small,
)

X = floats(2, 3, 4, 5)
LARGE = of([1, 2**63 + 5, 7], np.uint64), of([2**63 + 7, 3, 2], np.uint64)
UINT8, INT8, INT32, INT64 = (
    TensorProto.UINT8,
    TensorProto.INT8,
    TensorProto.INT32,
    TensorProto.INT64,
)

OLD: list[tuple[str, list[Any], dict[str, Any]]] = [
    *[
        (name, [X], {"opset": opset, "axis": axis})
        for name in ("Softmax", "LogSoftmax", "Hardmax")
        for opset in (7, 11)
        for axis in (0, 2, 3)
    ],
    ("Softmax", [X], {"opset": 12, "axis": -2}),
    *[
        (f"Reduce{name}", [np.abs(X)], {"opset": 11, "axes": [1, -1], "keepdims": 0})
        for name in ("Sum", "Mean", "L1", "L2", "Max", "Min", "Prod", "LogSum", "LogSumExp")
    ],
    ("ReduceMean", [of([[7, 8], [-7, 1]], np.int32)], {"opset": 11, "axes": [1], "dtypes": [6]}),
    ("ReduceL2", [of([[7, 8], [-7, 1]], np.int32)], {"opset": 11, "axes": [1], "dtypes": [6]}),
    ("Clip", [X], {"opset": 6, "min": -0.5, "max": 0.5}),
    ("Clip", [X], {"opset": 10, "max": 0.5}),
    ("Clip", [X, None, of(0.2)], {"opset": 13}),
    ("Dropout", [X], {"opset": 7}),
    ("Dropout", [X, of(0.5), of(0, bool)], {"opset": 13}),
    *[
        (
            "BatchNormalization",
            [floats(2, 3, 4), floats(3), floats(3), floats(3), np.abs(floats(3))],
            {"opset": opset},
        )
        for opset in (7, 9, 14)
    ],
    ("InstanceNormalization", [floats(2, 3, 1), floats(3), floats(3)], {"opset": 6}),
    (
        "GroupNormalization",
        [floats(2, 4, 3), floats(2), floats(2)],
        {"opset": 18, "num_groups": 2},
    ),
    ("LayerNormalization", [floats(2, 3, 4), floats(3, 4), floats(4)], {"axis": 1, "outputs": 3}),
    ("LRN", [floats(2, 7, 3, 3)], {"size": 3}),
    ("LpNormalization", [X], {"p": 1, "axis": 1}),
    ("MeanVarianceNormalization", [X], {"opset": 9, "axes": [1, 2]}),
    *[
        ("PRelu", [floats(2, 3, 4), floats(*shape)], {"opset": 9})
        for shape in ((3, 1), (4,), (1,), (2, 3, 4))
    ],
    ("Selu", [X], {"opset": 6, "alpha": 1.5, "gamma": 1.1}),
    ("ArgMin", [X], {"opset": 7, "axis": 2, "keepdims": 0, "dtypes": [INT64]}),
    (
        "ArgMax",
        [of([[1, 3, 3], [2, 2, 1]])],
        {"opset": 12, "axis": 1, "select_last_index": 1, "dtypes": [INT64]},
    ),
    ("CumSum", [X, of(1, np.int64)], {"opset": 11, "exclusive": 1, "reverse": 1}),
    ("Einsum", [floats(2, 3), floats(3, 2)], {"opset": 12, "equation": "aB , Bc"}),
]

NUMBERS: list[tuple[str, list[Any], dict[str, Any]]] = [
    *[
        (name, list(LARGE), {"opset": 14, "dtypes": [TensorProto.UINT64]})
        for name in ("Add", "Sub", "Mul", "Div", "Max", "Min")
    ],
    ("Greater", list(LARGE), {"opset": 13, "dtypes": [TensorProto.BOOL]}),
    (
        "BitShift",
        [of([2**63, 5], np.uint64), of([63, 0], np.uint64)],
        {"direction": "RIGHT", "dtypes": [TensorProto.UINT64]},
    ),
    (
        "MatMul",
        [of([[2**31]], np.uint32), of([[3]], np.uint32)],
        {"dtypes": [TensorProto.UINT32]},
    ),
    (
        "Div",
        [of([-7, 7, -7, 7], np.int64), of([2, 2, -2, -2], np.int64)],
        {"dtypes": [INT64]},
    ),
    *[
        (
            "Mod",
            [of([-5, 5, -5, 5], np.int32), of([3, 3, -3, -3], np.int32)],
            {"fmod": fmod, "dtypes": [INT32]},
        )
        for fmod in (0, 1)
    ],
    ("Pow", [of([1, 2, 3], np.int32), of([2, 0.5, 1])], {"dtypes": [INT32]}),
    ("Pow", [of([1, 2, 3]), of([2, 0, -1], np.int64)], {}),
    ("Max", [of([1, np.nan, 3]), of([2, 2, 2])], {"opset": 13}),
]

QUANTIZED_OPERATORS: list[tuple[str, list[Any], dict[str, Any]]] = [
    (
        "QuantizeLinear",
        [50 * floats(2, 3, 4), of([0.1, 0.2, 0.3]), of([1, 2, 3], np.int8)],
        {"opset": 13, "axis": 1, "dtypes": [INT8]},
    ),
    (
        "QuantizeLinear",
        [50 * floats(5, 4), 0.1 + np.abs(floats(3, 4)), np.zeros((3, 4), np.int8)],
        {"opset": 21, "axis": 0, "block_size": 2, "dtypes": [INT8]},
    ),
    (
        "DequantizeLinear",
        [bytes_(2, 3, 4), of([0.1, 0.2, 0.3, 0.4]), of([1, 2, 3, 4], np.uint8)],
        {"opset": 13, "axis": -1},
    ),
    ("DequantizeLinear", [RANDOM.integers(-9999, 9999, (2, 3)).astype(np.int32), of(0.1)], {}),
    ("DynamicQuantizeLinear", [X], {"opset": 11, "outputs": 3, "dtypes": [UINT8, 1, UINT8]}),
    (
        "DynamicQuantizeLinear",
        [np.zeros(4, np.float32)],
        {"opset": 11, "outputs": 3, "dtypes": [UINT8, 1, UINT8]},
    ),
    (
        "QLinearConv",
        [
            *(bytes_(1, 3, 6, 6), of(0.02), of(120, np.uint8)),
            *(small(4, 3, 3, 3), of([0.03, 0.02, 0.01, 0.04]), np.zeros(4, np.int8)),
            *(of(0.3), of(100, np.uint8), RANDOM.integers(-100, 100, 4).astype(np.int32)),
        ],
        {"pads": [1, 1, 1, 1], "dtypes": [UINT8]},
    ),
    (
        "ConvInteger",
        [bytes_(1, 3, 6, 6), bytes_(4, 3, 3, 3), of(120, np.uint8), of(10, np.uint8)],
        {"pads": [1, 1, 1, 1], "dtypes": [INT32]},
    ),
    (
        "MatMulInteger",
        [bytes_(2, 3, 4), small(4, 5), of(120, np.uint8), of([1, 2, 3, 4, 5], np.int8)],
        {"dtypes": [INT32]},
    ),
]


def _named(cases: list[tuple[str, list[Any], dict[str, Any]]]) -> Any:
    return pytest.mark.parametrize(
        ("operator", "inputs", "more"),
        cases,
        ids=[f"{case[0]}-{index}" for index, case in enumerate(cases)],
    )


@_named([*OLD, *NUMBERS, *QUANTIZED_OPERATORS])
def test_it_computes_what_onnx_runtime_does(
    operator: str, inputs: list[Any], more: dict[str, Any], tmp_path: Path
) -> None:
    compare(model_of(operator, inputs, **more), inputs, tmp_path)


@pytest.mark.parametrize("opset", [1, 6])
@pytest.mark.parametrize(
    ("operator", "compute"),
    [("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply), ("Div", np.divide)],
)
def test_before_opset_7_shapes_are_joined_at_an_axis(
    operator: str, compute: Any, opset: int, tmp_path: Path
) -> None:
    a, b = floats(2, 3, 4, 5), floats(3, 4)
    model = model_of(operator, [a, b], opset=opset, broadcast=1, axis=1)
    assert_same(in_torch(model, [a, b], tmp_path), [compute(a, b.reshape(1, 3, 4, 1))])


@pytest.mark.parametrize(
    ("operator", "compute"),
    [("Less", np.less), ("Greater", np.greater), ("Equal", np.equal), ("Pow", np.power)],
)
def test_comparisons_and_powers_were_joined_so_as_well(
    operator: str, compute: Any, tmp_path: Path
) -> None:
    dtype = np.int32 if operator == "Equal" else np.float32
    a, b = np.abs(10 * floats(2, 3)).astype(dtype), np.abs(floats(2)).astype(dtype)
    dtypes = [TensorProto.FLOAT if operator == "Pow" else TensorProto.BOOL]
    model = model_of(operator, [a, b], opset=6, broadcast=1, axis=0, dtypes=dtypes)
    assert_same(in_torch(model, [a, b], tmp_path), [compute(a, b.reshape(2, 1))])


def test_without_an_axis_the_last_ones_are_joined(tmp_path: Path) -> None:
    a, b = floats(2, 3, 4), floats(3, 4)
    model = model_of("Add", [a, b], opset=6, broadcast=1)
    assert_same(in_torch(model, [a, b], tmp_path), [a + b])


def test_one_slope_serves_all_channels_before_opset_7(tmp_path: Path) -> None:
    x, slope = floats(2, 3, 4), floats(3)
    wanted = np.where(x < 0, slope.reshape(1, 3, 1) * x, x)
    assert_same(in_torch(model_of("PRelu", [x, slope], opset=6), [x, slope], tmp_path), [wanted])


def test_cast_was_told_types_by_name(tmp_path: Path) -> None:
    x = of([1.7, -1.7])
    model = model_of("Cast", [x], opset=1, to="INT32", dtypes=[INT32])
    assert_same(in_torch(model, [x], tmp_path), [of([1, -1], np.int32)])


def test_statistics_that_are_wanted_are_updated_before_opset_14(tmp_path: Path) -> None:
    x, scale, b, mean, var = floats(4, 3, 5), floats(3), floats(3), floats(3), np.abs(floats(3))
    model = model_of(
        "BatchNormalization", [x, scale, b, mean, var], opset=7, outputs=5, momentum=0.8
    )
    own = x.mean((0, 2)), x.var((0, 2))
    norm = (x - own[0][:, None]) / np.sqrt(own[1][:, None] + 1e-5)
    running = [0.8 * old + 0.2 * new for old, new in zip((mean, var), own, strict=True)]
    found = in_torch(model, [x, scale, b, mean, var], tmp_path)
    assert_same(found, [norm * scale[:, None] + b[:, None], *running, *own])


def test_each_element_may_have_a_mean_of_its_own(tmp_path: Path) -> None:
    x, mean, var = floats(4, 3, 5), floats(3, 5), np.abs(floats(3, 5))
    inputs = [x, np.ones((3, 5), np.float32), np.zeros((3, 5), np.float32), mean, var]
    model = model_of("BatchNormalization", inputs, opset=7, spatial=0)
    assert_same(in_torch(model, inputs, tmp_path), [(x - mean) / np.sqrt(var + 1e-5)])


def test_neighbours_of_an_even_size_are_one_more_after(tmp_path: Path) -> None:
    x = floats(2, 7, 3, 3)
    squares = np.pad(x**2, [(0, 0), (1, 2), (0, 0), (0, 0)])
    sums = sum(squares[:, index : index + 7] for index in range(4))
    wanted = x / (1.0 + 1e-4 / 4 * sums) ** 0.75
    assert_same(in_torch(model_of("LRN", [x], size=4), [x], tmp_path), [wanted])


@pytest.mark.parametrize(
    "name",
    [
        *("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz"),
        *("float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn"),
    ],
)
def test_small_floats_are_rounded_as_ml_dtypes_rounds_them(name: str, tmp_path: Path) -> None:
    dtype = np.dtype(getattr(ml_dtypes, name))
    to = helper.np_dtype_to_tensor_dtype(dtype)
    ends = [0.0, -0.0, 464.0, 465.0, 1e9, -1e9, 1e-9]
    x = np.concatenate([of(ends), 8 * floats(500), 200 * floats(500), 1e-2 * floats(500)])
    model = model_of("Cast", [x], opset=28, to=to, saturate=0, dtypes=[to])
    model.ir_version = 14
    (found,) = in_torch(model, [x], tmp_path)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found.astype(np.float32), x.astype(dtype).astype(np.float32))


@pytest.mark.parametrize(
    ("operator", "more", "mean", "deviation"),
    [
        ("RandomNormal", {"mean": 3.0, "scale": 2.0, "shape": [400, 50]}, 3.0, 2.0),
        ("RandomUniform", {"low": 1.0, "high": 5.0, "shape": [400, 50]}, 3.0, 4 / 12**0.5),
    ],
)
def test_draws_have_the_mean_and_the_deviation_asked_for(
    operator: str, more: dict[str, Any], mean: float, deviation: float, tmp_path: Path
) -> None:
    (found,) = in_torch(model_of(operator, [], **more), [], tmp_path)
    assert found.shape == (400, 50)
    assert found.dtype == np.float32
    assert abs(found.mean() - mean) < 0.1
    assert abs(found.std() - deviation) < 0.1


def test_in_training_as_many_are_dropped_as_were_asked_for(tmp_path: Path) -> None:
    inputs = [np.ones((100, 200), np.float32), of(0.25), of(1, bool)]
    dtypes = [TensorProto.FLOAT, TensorProto.BOOL]
    found, mask = in_torch(model_of("Dropout", inputs, outputs=2, dtypes=dtypes), inputs, tmp_path)
    assert abs(mask.mean() - 0.75) < 0.05
    np.testing.assert_allclose(found, mask / np.float32(0.75), rtol=1e-6)


def test_classes_are_drawn_by_their_likelihood(tmp_path: Path) -> None:
    x = np.log(of([[0.2, 0.8], [0.5, 0.5]]))
    model = model_of("Multinomial", [x], sample_size=5000, dtype=INT64, dtypes=[INT64])
    (found,) = in_torch(model, [x], tmp_path)
    np.testing.assert_allclose(found.mean(1), [0.8, 0.5], atol=0.05)


def test_a_gradient_within_a_graph_is_refused_by_name(tmp_path: Path) -> None:
    x = floats(3)
    model = model_of("Gradient", [x], domain="ai.onnx.preview.training", xs=["x0"], y="y0")
    with pytest.raises(UnsupportedOperator, match="convert the graph that infers"):
        in_torch(model, [x], tmp_path)


def test_strings_are_chosen_and_compared(tmp_path: Path) -> None:
    one, other = of(["a", "b", "c"], object), of(["x", "b", "z"], object)
    chosen = model_of("Where", [of([1, 1, 0], bool), one, other], dtypes=[TensorProto.STRING])
    found = in_torch(chosen, [of([1, 1, 0], bool), one, other], tmp_path)
    assert found[0].tolist() == ["a", "b", "z"]
    equal = model_of("Equal", [one, other], opset=19, dtypes=[TensorProto.BOOL])
    assert_same(in_torch(equal, [one, other], tmp_path), [of([0, 1, 0], bool)])
