"""Results that were built for some shapes only: verified at those, and at no others."""

from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from shared.domain.errors import BadSamples
from shared.domain.plans import TOLERANCES
from workers.runtime import Limits, Session
from workers.runtimes.onnx import OnnxRuntime
from workers.verification.verify import Side, verify


class BuiltFor(OnnxRuntime):
    """ONNX Runtime, as strict about shapes as an engine is; it keeps what it was fed."""

    def __init__(self, sizes, values=()):
        self._sizes = sizes
        self._values = values or tuple({} for _ in sizes)
        self.fed = []

    def sizes(self, _path):
        return self._sizes

    def limits(self, _path):
        return Limits(low=self._sizes[0], high=self._sizes[-1], values=self._values)

    @contextmanager
    def open(self, path, given):
        with super().open(path, given) as session:

            def run(inputs):
                for name, array in inputs.items():
                    low, high = self._sizes[0][name], self._sizes[-1][name]
                    ends = zip(low, array.shape, high, strict=True)
                    assert all(one <= length <= other for one, length, other in ends), "outside"
                self.fed.append({name: array.copy() for name, array in inputs.items()})
                return session(inputs)

            yield Session(session.signature, run)


@pytest.fixture
def model(tmp_path) -> Path:
    """Doubles `x`, of shape (n, length)."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", "length"])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "length"])
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "double", [x], [y])
    path = tmp_path / "double.onnx"
    onnx.save(helper.make_model(graph, ir_version=10), path)
    return path


@pytest.fixture
def verified(tmp_path):
    def run(path, runtime, **arrays):
        samples = tmp_path / "samples.npz" if arrays else None
        if samples:
            np.savez(samples, **arrays)
        return verify(
            Side(OnnxRuntime(), path),
            Side(runtime, path),
            given={},
            samples=samples,
            dynamic=True,
            tolerances=TOLERANCES,
            seed=0,
            say=lambda _message, _progress: None,
        )

    return run


SIZES = ({"x": (2, 3)}, {"x": (4, 5)}, {"x": (6, 9)})


def test_each_size_is_tried_and_no_other(model, verified):
    note = verified(model, BuiltFor(SIZES))
    assert note.kind == "agreed"
    shapes = [tuple(case["shapes"]["x"]) for case in note.report["cases"]]
    assert shapes[:3] == [(2, 3), (4, 5), (6, 9)]
    assert set(shapes) == {(2, 3), (4, 5), (6, 9)}


def test_without_sizes_a_strict_result_would_have_disagreed(model, verified):
    class Silent(BuiltFor):
        def sizes(self, _path):
            return None

    assert verified(model, Silent(SIZES)).kind == "disagreed"


def test_samples_go_in_batches_that_the_result_takes(model, verified):
    note = verified(model, BuiltFor(SIZES), x=np.ones((20, 4), np.float32))
    assert note.kind == "agreed"
    assert [case["shapes"]["x"] for case in note.report["cases"]] == [[6, 4]] * 3


def test_samples_that_do_not_fit_are_told_with_what_would(model, verified):
    sizes = ({"x": (2, 3)}, {"x": (4, 3)})
    note = verified(model, BuiltFor(sizes), x=np.ones((9, 3), np.float32))
    assert note.kind == "agreed"
    assert len(note.report["cases"]) == 2
    with pytest.raises(BadSamples, match=r"none of the samples.*\[4, 7\].*\[2, 3\] to \[4, 3\]"):
        verified(model, BuiltFor(sizes), x=np.ones((8, 7), np.float32))


def test_inputs_that_are_shapes_get_the_values_of_the_range(tmp_path, verified):
    path = tmp_path / "reshape.onnx"
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])
    to = helper.make_tensor_value_info("to", TensorProto.INT64, [2])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["a", "b"])
    graph = helper.make_graph([helper.make_node("Reshape", ["x", "to"], ["y"])], "g", [x, to], [y])
    onnx.save(helper.make_model(graph, ir_version=10), path)
    sizes = ({"x": (1, 4), "to": (2,)}, {"x": (3, 4), "to": (2,)})
    runtime = BuiltFor(sizes, values=({"to": (2, 2)}, {"to": (6, 2)}))
    note = verified(path, runtime)
    assert note.kind == "agreed"
    assert {tuple(each["to"]) for each in runtime.fed} == {(2, 2), (6, 2)}
