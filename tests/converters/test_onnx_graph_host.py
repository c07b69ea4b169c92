"""What is folded on the host is what ONNX's own reference evaluator computes."""

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from onnx import TensorProto, defs, helper
from onnx.reference import ReferenceEvaluator

from workers.onnx_graph.attributes import attributes_of
from workers.onnx_graph.host import FOLDS, fold
from workers.onnx_graph.nodes import Node
from workers.onnx_graph.values import Constant, Symbols

OPSET = 20


class Sized:
    """A length that may vary, as a framework's symbol: it computes, and compares with nothing."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __add__(self, other: Any) -> "Sized":
        return Sized(self.value + _plain(other))

    def __sub__(self, other: Any) -> "Sized":
        return Sized(self.value - _plain(other))

    def __rsub__(self, other: Any) -> "Sized":
        return Sized(_plain(other) - self.value)

    def __mul__(self, other: Any) -> "Sized":
        return Sized(self.value * _plain(other))

    def __floordiv__(self, other: Any) -> "Sized":
        return Sized(self.value // _plain(other))

    def __mod__(self, other: Any) -> "Sized":
        return Sized(self.value % _plain(other))

    __radd__, __rmul__ = __add__, __mul__


def _plain(value: Any) -> int:
    return value.value if isinstance(value, Sized) else int(value)


class Arithmetic:
    def maximum(self, one: Any, other: Any) -> Any:
        return Sized(max(_plain(one), _plain(other)))

    def minimum(self, one: Any, other: Any) -> Any:
        return Sized(min(_plain(one), _plain(other)))

    def equal(self, one: Any, other: Any) -> bool | None:
        return None if isinstance(one, Sized) or isinstance(other, Sized) else bool(one == other)


def node_of(operator: str, inputs: int, **attributes: Any) -> tuple[Node, Any]:
    names = [f"i{index}" for index in range(inputs)]
    proto = helper.make_node(operator, names, ["o"], **attributes)
    schema = defs.get_schema(operator, OPSET, "")

    def no_graphs(_: Any) -> None:
        raise AssertionError

    node = Node(
        name="n", domain="", operator=operator, version=schema.since_version, opset=OPSET,
        inputs=tuple(names), outputs=("o",),
        attributes=attributes_of(proto, schema, None, no_graphs),  # type: ignore[arg-type]
        scope=(), input_dtypes=(None,) * inputs, output_dtypes=(None,),
    )  # fmt: skip
    return node, proto


def reference(proto: Any, given_: list[np.ndarray[Any, Any]]) -> Any:
    infos = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(each.dtype), None)
        for name, each in zip(proto.input, given_, strict=True)
    ]
    out = helper.make_tensor_value_info("o", TensorProto.UNDEFINED, None)
    graph = helper.make_graph([proto], "g", infos, [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ReferenceEvaluator(model).run(None, dict(zip(proto.input, given_, strict=True)))[0]


def agree(operator: str, *values: Any, **attributes: Any) -> None:
    """The fold of constants, and that of symbols in their place, is the reference's."""
    given_ = [np.asarray(value) for value in values]
    node, proto = node_of(operator, len(given_), **attributes)
    expected = reference(proto, given_)
    found = fold(node, [Constant(each) for each in given_], Arithmetic())
    assert isinstance(found, Constant)
    np.testing.assert_array_equal(found.array, expected)
    assert found.array.dtype == expected.dtype
    first = given_[0]
    if first.dtype != np.int64:
        return
    objects = np.empty(first.shape, dtype=object)
    for place in np.ndindex(first.shape):
        objects[place] = Sized(int(first[place]))
    rest = [Constant(each) for each in given_[1:]]
    symbolic = fold(node, [Symbols(objects), *rest], Arithmetic())
    if isinstance(symbolic, Symbols):  # else it knows too little, and a tensor will do it
        values_ = [_plain(each) for each in symbolic.array.reshape(-1)]
        np.testing.assert_array_equal(np.reshape(values_, symbolic.array.shape), expected)


SMALL = arrays.arrays(np.int64, arrays.array_shapes(max_dims=3, max_side=4),
                      elements=st.integers(1, 50))  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(SMALL, st.integers(1, 9), st.sampled_from(["Add", "Sub", "Mul", "Div", "Mod", "Max", "Min",
                                                  "Equal", "Less", "Greater", "GreaterOrEqual",
                                                  "LessOrEqual"]))  # fmt: skip
def test_arithmetic(array: Any, other: int, operator: str) -> None:
    agree(operator, array, np.int64(other))


@settings(deadline=None, max_examples=40)
@given(st.integers(-50, 50), st.integers(-9, 9).filter(bool))
def test_integers_are_divided_towards_zero(one: int, other: int) -> None:
    node, _ = node_of("Div", 2)
    found = fold(node, [Constant(np.array(one)), Constant(np.array(other))], Arithmetic())
    assert isinstance(found, Constant)
    assert int(found.array) == int(one / other)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(-7, 7), st.integers(-7, 7),
       st.sampled_from([1, 2, -1, -2]))  # fmt: skip
def test_slices(values: list[int], start: int, end: int, step: int) -> None:
    agree("Slice", np.array(values), np.array([start]), np.array([end]), np.array([0]),
          np.array([step]))  # fmt: skip


@pytest.mark.parametrize("end", [-(1 << 63) + 1, (1 << 63) - 1, -9, 9])
@pytest.mark.parametrize("step", [1, -1])
def test_slices_to_the_very_end(end: int, step: int) -> None:
    agree("Slice", np.array([3, 4, 5]), np.array([-1]), np.array([end]), np.array([0]),
          np.array([step]))  # fmt: skip


@settings(deadline=None, max_examples=30)
@given(SMALL, st.data())
def test_axes(array: Any, data: Any) -> None:
    axis = data.draw(st.integers(-array.ndim, array.ndim - 1))
    index = data.draw(st.integers(-array.shape[axis], array.shape[axis] - 1))
    agree("Gather", array, np.array([index]), axis=axis)
    agree("Gather", array, np.array(index), axis=axis)
    agree("Unsqueeze", array, np.array([axis]))
    agree("Concat", array, array, axis=axis)
    agree("ReduceProd", array, np.array([axis]), keepdims=data.draw(st.integers(0, 1)))
    agree("ReduceSum", array, np.array([axis]), keepdims=data.draw(st.integers(0, 1)))
    agree("Transpose", array, perm=data.draw(st.permutations(range(array.ndim))))
    agree("Reshape", array, np.array([0, -1] if array.ndim > 1 else [-1]))
    agree("Squeeze", np.expand_dims(array, 1), np.array([1]))
    agree("Tile", array, np.full(array.ndim, 2))


def test_the_rest() -> None:
    three = np.array([1, 2, 3])
    agree("Expand", np.array([[1], [2]]), np.array([2, 3]))
    agree("Cast", three, to=TensorProto.FLOAT)
    agree("Cast", three, to=TensorProto.INT32)
    agree("ConstantOfShape", np.array([2, 2]))
    agree("Range", np.int64(1), np.int64(9), np.int64(3))
    agree("Range", np.int64(9), np.int64(1), np.int64(-3))
    agree("Where", np.array([True, False, True]), three, three * 5)
    agree("Not", np.array([True, False]))
    agree("And", np.array([True, False]), np.array([True, True]))
    agree("Or", np.array([True, False]), np.array([True, True]))
    agree("Neg", three)
    agree("Abs", -three)
    agree("Identity", three)
    for operator in ("Sqrt", "Floor", "Ceil", "Neg", "Abs"):
        agree(operator, np.array([1.5, 2.25], dtype="float32"))


def test_none_is_left_out_of_these_tests() -> None:
    told = open(__file__, encoding="utf-8").read()  # noqa: SIM115, PTH123 - its own text
    assert [name for name in FOLDS if f'"{name}"' not in told] == []


def test_what_is_large_is_data_and_not_folded() -> None:
    node, _ = node_of("Add", 2)
    large = Constant(np.ones(5000, "float32"))
    assert fold(node, [large, large], Arithmetic()) is None


def test_what_depends_on_a_symbol_is_not_guessed() -> None:
    objects = np.empty(1, dtype=object)
    objects[0] = Sized(3)
    for operator in ("Equal", "Less", "Where", "ConstantOfShape"):
        node, _ = node_of(operator, {"Where": 3, "ConstantOfShape": 1}.get(operator, 2))
        given_ = [Symbols(objects)] * len(node.inputs)
        assert fold(node, given_, Arithmetic()) is None
