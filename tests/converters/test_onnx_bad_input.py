"""Bad ONNX: each fault has a code and says which node, tensor or domain it is about."""

import zipfile
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from shared.domain.errors import InvalidModel
from shared.domain.orders import AgreedNote, ProducedNote
from tests.converters.onnx_nets import FLOAT, convolutional, model, saved, value, weight, whole
from workers.onnxruntime_bridge.faults import read_fault
from workers.runtimes.onnx_order import put_in_order
from workers.runtimes.onnx_sizes import check_sizes

EDGES = ("onnx-to-openvino", "onnx-to-ort")
node = helper.make_node


class TestOperators:
    def test_an_unknown_domain(self, bench, refused, tmp_path):
        built = model(
            [node("Wobble", ["x"], ["h"], name="w1", domain="acme"), node("Neg", ["h"], ["y"])],
            [value("x", [1])],
            [value("y", [1])],
            opsets=[helper.make_opsetid("acme", 1)],
        )
        fault = refused(bench.inspect(saved(built, tmp_path), "onnx"), "unsupported_operator")
        assert (fault.node, fault.operator) == ("w1", "acme.Wobble")
        assert "domain 'acme'" in fault.detail

    def test_an_unknown_operator_of_a_known_domain(self, bench, refused, tmp_path):
        built = model(
            [node("Gelu", ["x"], ["y"], name="act"), node("Mush", ["x"], ["z"])],
            [value("x", [1])],
            [value("y", [1]), value("z", [1])],
            opset=18,
        )
        fault = refused(bench.inspect(saved(built, tmp_path), "onnx"), "unsupported_operator")
        assert (fault.node, fault.operator) == ("act", "Gelu")
        assert "opset 18" in fault.detail
        assert "Mush" in fault.detail

    def test_inside_of_a_branch(self, bench, refused, tmp_path):
        branch = helper.make_graph(
            [node("Blur", ["x"], ["t"], name="b")], "t", [], [value("t", [1])]
        )
        other = helper.make_graph([node("Neg", ["x"], ["e"])], "e", [], [value("e", [1])])
        built = model(
            [node("If", ["c"], ["y"], then_branch=branch, else_branch=other)],
            [value("x", [1]), value("c", [], TensorProto.BOOL)],
            [value("y", [1])],
        )
        fault = refused(bench.inspect(saved(built, tmp_path), "onnx"), "unsupported_operator")
        assert fault.node == "b"

    def test_those_of_onnx_runtime_are_known(self, bench, tmp_path):
        built = model(
            [node("FusedMatMul", ["x", "x"], ["y"], domain="com.microsoft", transB=1)],
            [value("x", [2, 3])],
            [value("y", [2, 2])],
            opsets=[helper.make_opsetid("com.microsoft", 1)],
        )
        bench.carry("onnx-to-ort", saved(built, tmp_path))

    @pytest.mark.parametrize(("opset", "words"), [(99, "version 99"), (None, "does not say")])
    def test_a_version_from_the_future_or_none(self, bench, refused, tmp_path, opset, words):
        built = convolutional()
        del built.opset_import[:]
        built.opset_import.add(domain="" if opset else "acme", version=opset or 1)
        fault = refused(bench.inspect(saved(built, tmp_path), "onnx"), "invalid_model")
        assert words in fault.detail


class TestTypes:
    def test_one_that_onnx_runtime_lacks_is_named(self):
        ends = [helper.make_tensor_value_info(each, TensorProto.COMPLEX64, [2]) for each in "xy"]
        built = model([node("Identity", ["x"], ["y"])], ends[:1], ends[1:])
        with pytest.raises(Exception, match="MLDataType") as failed:
            onnxruntime.InferenceSession(built.SerializeToString())
        fault = read_fault(failed.value).fault
        assert fault.code == "invalid_model"
        assert "no tensors of complex64" in fault.detail


class TestOrder:
    def test_an_unsorted_graph_is_sorted_and_goes_every_road(self, bench, tmp_path):
        built = convolutional()
        nodes = list(built.graph.node)[::-1]
        del built.graph.node[:]
        built.graph.node.extend(nodes)
        path = saved(built, tmp_path)
        for edge, options in (
            ("onnx-opset", {"opset": 13}),
            ("onnx-simplify", {"simplify": True}),
            ("onnx-to-openvino", {}),
            ("onnx-to-ort", {}),
        ):
            bench.carry(edge, path, **options)

    def test_a_circle_is_named(self, bench, refused, tmp_path):
        built = model(
            [
                node("Add", ["x", "b"], ["a"], name="first"),
                node("Neg", ["a"], ["b"], name="second"),
            ],
            [value("x", [1])],
            [value("b", [1])],
        )
        fault = refused(bench.inspect(saved(built, tmp_path), "onnx"), "invalid_model")
        assert "'first'" in fault.detail
        assert "'second'" in fault.detail
        assert "circle" in fault.detail

    @pytest.mark.parametrize(
        ("nodes", "words"),
        [
            ([node("Neg", ["gone"], ["y"], name="n")], "'gone'"),
            ([node("Neg", ["x"], ["z"], name="n")], "'y'"),
            ([node("Neg", ["x"], ["y"]), node("Abs", ["x"], ["y"])], "Two nodes"),
        ],
    )
    def test_what_hangs_in_the_air_is_named(self, bench, refused, tmp_path, nodes, words):
        built = model(nodes, [value("x", [1])], [value("y", [1])])
        fault = refused(bench.inspect(saved(built, tmp_path), "onnx"), "invalid_model")
        assert words in fault.detail

    @given(order=st.permutations(range(6)))
    def test_any_order_of_a_chain_is_put_right(self, order):
        nodes = [node("Neg", [f"t{at}"], [f"t{at + 1}"], name=str(at)) for at in range(6)]
        built = model([nodes[at] for at in order], [value("t0", [1])], [value("t6", [1])])
        assert put_in_order(built) == (list(order) != list(range(6)))
        assert [each.name for each in built.graph.node] == [str(at) for at in range(6)]


class TestSizes:
    @pytest.mark.parametrize("surplus", [-4, 4])
    def test_raw_bytes(self, bench, refused, tmp_path, surplus):
        built = convolutional()
        tensor = built.graph.initializer[0]
        tensor.raw_data = tensor.raw_data[:surplus] if surplus < 0 else tensor.raw_data + bytes(4)
        fault = refused(bench.inspect(saved(built, tmp_path), "onnx"), "invalid_model")
        assert fault.node == "w1"
        assert f"{8 * 27 * 4} bytes" in fault.detail

    def test_a_part_of_a_file_that_is_not_there(self, bench, refused, tmp_path):
        built = model(
            [node("MatMul", ["x", "w"], ["y"])],
            [value("x", ["n", 256])],
            [value("y", ["n", 128])],
            [weight("w", 256, 128)],
        )
        _, apart = bench.convert("onnx-split", saved(built, tmp_path), external_data=True)
        with zipfile.ZipFile(apart) as archive:
            skeleton, data = archive.read("model.onnx"), archive.read("model.onnx.data")
        cut = tmp_path / "cut.zip"
        with zipfile.ZipFile(cut, "w") as archive:
            archive.writestr("model.onnx", skeleton)
            archive.writestr("model.onnx.data", data[:-64])
        fault = refused(bench.inspect(cut, "onnx"), "invalid_model")
        assert fault.node == "w"
        assert str(len(data) - 64) in fault.detail

    @settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(
        kind=st.sampled_from(
            [
                each
                for each in TensorProto.DataType.values()
                if each not in {TensorProto.UNDEFINED, TensorProto.STRING}
            ]
        ),
        dims=st.lists(st.integers(0, 5), max_size=3),
        raw=st.booleans(),
        more=st.integers(-2, 2),
    )
    def test_of_any_type_and_shape(self, kind, dims, raw, more):
        dtype = helper.tensor_dtype_to_np_dtype(kind)
        array = np.zeros(dims, dtype)
        tensor = numpy_helper.from_array(array, "w")
        if not raw:
            tensor = helper.make_tensor("w", kind, dims, array.reshape(-1).tolist())
        built = onnx.ModelProto()
        built.graph.initializer.append(tensor)
        check_sizes(built, Path())
        if not raw or not more:
            return
        changed = bytes(max(0, len(tensor.raw_data) + more))
        built.graph.initializer[0].raw_data = changed
        if len(changed) != len(tensor.raw_data):
            with pytest.raises(InvalidModel, match="'w'"):
                check_sizes(built, Path())

    def test_a_negative_length_and_an_unknown_type(self, bench, refused, tmp_path):
        for change, words in (({"dims": [-1]}, "negative"), ({"data_type": 77}, "unknown")):
            built = model([node("Neg", ["w"], ["y"])], [], [value("y", None)])
            built.graph.initializer.append(onnx.TensorProto(name="w", data_type=1, raw_data=b""))
            tensor = built.graph.initializer[0]
            tensor.dims.extend(change.get("dims", [0]))
            tensor.data_type = change.get("data_type", 1)
            fault = refused(bench.inspect(saved(built, tmp_path), "onnx"), "invalid_model")
            assert words in fault.detail
            assert fault.node == "w"


def strings(*order: str) -> Any:
    return model(
        [node("StringConcat", order or ["x", "end"], ["y"], name="join")],
        [value("x", ["n"], TensorProto.STRING)],
        [value("y", ["n"], TensorProto.STRING)],
        [helper.make_tensor("end", TensorProto.STRING, [1], [b"!"])],
        opset=20,
    )


def sparse() -> Any:
    """ONNX Runtime knows it; others may not."""
    built = model(
        [node("MatMul", ["x", "s"], ["y"], name="product")],
        [value("x", ["n", 3])],
        [value("y", ["n", 2])],
    )
    values = numpy_helper.from_array(np.array([1.5, -2.0], np.float32), "s")
    indices = numpy_helper.from_array(np.array([1, 4], np.int64), "s_at")
    built.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [3, 2]))
    return built


def eighths() -> Any:
    """float8 inside, float32 at both ends."""
    table = np.linspace(-2, 2, 12, dtype=np.float32).reshape(3, 4)
    return model(
        [
            node("DequantizeLinear", ["w", "scale"], ["d"], name="dequantise"),
            node("MatMul", ["x", "d"], ["y"], name="product"),
        ],
        [value("x", ["n", 3])],
        [value("y", ["n", 4])],
        [
            numpy_helper.from_array(table.astype(ml_dtypes.float8_e4m3fn), "w"),
            numpy_helper.from_array(np.float32(0.5), "scale"),
        ],
        opset=19,
    )


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("net", [strings, sparse, eighths])
def test_rare_tensors_arrive_or_are_refused_by_name(bench, tmp_path, edge, net):
    """Whatever a target makes of them: a proof, or a typed fault that says where."""
    path = saved(net(), tmp_path)
    assert isinstance(bench.inspect(path, "onnx"), ProducedNote)
    note, output = bench.convert(edge, path)
    if isinstance(note, ProducedNote):
        note = bench.verify((path, "onnx"), (output, edge.rpartition("-")[2]))
        assert isinstance(note, AgreedNote), note
        return
    assert note.fault.code in {"unsupported_operator", "conversion_failed"}
    assert note.fault.node or note.fault.operator, note.fault


def test_strings_are_made_up_and_compared(bench, refused, tmp_path):
    path = saved(strings(), tmp_path)
    done = bench.carry("onnx-simplify", path, simplify=True)
    assert done.report["outputs"][0]["elements"] > 0
    wrong = saved(strings("end", "x"), tmp_path, "wrong.onnx")
    refused(bench.verify((path, "onnx"), (wrong, "onnx")), "accuracy_mismatch")


def test_strings_of_the_users_own(bench, tmp_path):
    np.savez(tmp_path / "s.npz", x=np.array(["One", "two"]))
    bench.carry("onnx-to-ort", saved(strings(), tmp_path), tmp_path / "s.npz")


def test_an_input_of_float8_is_told_what_to_do(bench, refused, tmp_path):
    built = model(
        [node("Cast", ["x"], ["y"], to=FLOAT)],
        [value("x", ["n"], TensorProto.FLOAT8E4M3FN)],
        [value("y", ["n"])],
        opset=19,
    )
    path = saved(built, tmp_path)
    fault = refused(bench.verify((path, "onnx"), (path, "onnx")), "bad_samples")
    assert "float8_e4m3fn" in fault.detail
    assert fault.node == "x"


def test_a_rank_that_may_vary_wants_samples_and_goes_with_them(bench, refused, tmp_path):
    built = model([node("Neg", ["x"], ["y"])], [value("x", None)], [value("y", None)])
    path = saved(built, tmp_path)
    fault = refused(bench.verify((path, "onnx"), (path, "onnx")), "bad_samples")
    assert "send samples" in fault.detail
    np.savez(tmp_path / "s.npz", x=np.ones((2, 3), np.float32))
    bench.carry("onnx-opset", path, tmp_path / "s.npz", opset=13)
    bench.carry("onnx-to-ort", path, tmp_path / "s.npz")
    note, _ = bench.convert("onnx-to-openvino", path)
    assert refused(note, "conversion_failed").node == "x"
    bench.carry("onnx-input-shapes", path, input_shapes={"x": [2, 3]})


def test_a_sequence_at_an_end_is_refused_by_name(bench, refused, tmp_path):
    built = model(
        [node("SplitToSequence", ["x", "one"], ["y"])],
        [value("x", [4])],
        [helper.make_tensor_sequence_value_info("y", FLOAT, None)],
        [whole("one", 1)],
    )
    fault = refused(bench.inspect(saved(built, tmp_path), "onnx"), "invalid_model")
    assert "'y' is a sequence_type" in fault.detail
