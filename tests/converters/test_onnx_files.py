"""ONNX files: what is read of them, what is refused, and what slimming leaves alone."""

import os
import zipfile

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from workers.runtimes.onnx import OnnxRuntime


def tensor(name, shape, dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def model(nodes, inputs, outputs, weights=(), **more):
    named = [numpy_helper.from_array(array, name) for name, array in weights]
    graph = helper.make_graph(list(nodes), "g", inputs, outputs, named)
    opsets = more.pop("opset_imports", [helper.make_opsetid("", 18)])
    return helper.make_model(graph, ir_version=9, opset_imports=opsets, **more)


def lookup():
    """Embedding by Gather, behind a Cast, then a matrix product."""
    rng = np.random.default_rng(0)
    nodes = [
        helper.make_node("Cast", ["ids"], ["wide"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "wide"], ["rows"], name="look"),
        helper.make_node("MatMul", ["rows", "head"], ["y"]),
    ]
    weights = [
        ("table", rng.random((13, 4), np.float32)),
        ("head", rng.random((4, 2), np.float32)),
    ]
    return model(
        nodes,
        [tensor("ids", ["batch", "length"], TensorProto.INT32)],
        [tensor("y", ["batch", "length", 2])],
        weights,
    )


def external(tmp_path, location, *, write=True):
    """A folder with a model whose weights are said to lie at `location`."""
    folder = tmp_path / "model"
    folder.mkdir()
    proto = lookup()
    for weight in proto.graph.initializer:
        raw = weight.raw_data
        if write and weight.name == "table":
            (folder / "w.bin").write_bytes(raw)
        if weight.name == "table":
            weight.ClearField("raw_data")
            weight.data_location = TensorProto.EXTERNAL
            weight.external_data.add(key="location", value=location)
    (folder / "m.onnx").write_bytes(proto.SerializeToString())
    return folder


def zipped(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(folder.iterdir()):
            archive.write(each, each.name)
    return path


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "m.onnx"
    onnx.save(lookup(), path)
    return path


def test_an_inspection_reads_signature_weights_and_vocabulary(bench, plain):
    report = bench.inspect(plain, "onnx").report
    (ids,) = report["signature"]["inputs"]
    assert ids == {"name": "ids", "dtype": "int32", "shape": ["batch", "length"], "upper": 13}
    assert report["parameters"] == 13 * 4 + 4 * 2
    assert report["operators"] == {"Cast": 1, "Gather": 1, "MatMul": 1}
    assert report["opset"] == 18


def test_a_zip_with_weights_beside_the_graph_is_read_and_run(bench, tmp_path, plain):
    path = zipped(external(tmp_path, "w.bin"), tmp_path / "m.zip")
    assert bench.inspect(path, "onnx").kind == "produced"
    assert bench.verify((plain, "onnx"), (path, "onnx")).kind == "agreed"


@pytest.mark.parametrize("location", ["../w.bin", "/etc/hostname", "a/../../w.bin"])
def test_weights_outside_of_the_folder_are_never_read(bench, refused, tmp_path, location):
    path = zipped(external(tmp_path, location), tmp_path / "m.zip")
    fault = refused(bench.inspect(path, "onnx"), "invalid_model")
    assert "outside" in fault.detail
    assert fault.node == "table"


@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_links_are_never_read(refused, tmp_path, make):
    from shared.domain.errors import InvalidModel
    from workers.runtimes import RUNTIMES

    folder = external(tmp_path, "linked.bin")
    make(folder / "w.bin", folder / "linked.bin")
    with pytest.raises(InvalidModel, match="link"):
        RUNTIMES["onnx"].inspect(folder / "m.onnx", {})


def test_missing_weights_ask_for_a_zip(bench, refused, tmp_path):
    path = external(tmp_path, "w.bin", write=False) / "m.onnx"
    assert "Upload a zip" in refused(bench.inspect(path, "onnx"), "invalid_model").detail


def test_a_zip_must_hold_one_model(bench, refused, tmp_path):
    folder = external(tmp_path, "w.bin")
    (folder / "n.onnx").write_bytes((folder / "m.onnx").read_bytes())
    path = zipped(folder, tmp_path / "m.zip")
    assert "exactly one" in refused(bench.inspect(path, "onnx"), "invalid_model").detail


def test_a_cut_file_is_refused(bench, refused, plain):
    plain.write_bytes(plain.read_bytes()[:-40])
    assert "cut short" in refused(bench.inspect(plain, "onnx"), "invalid_model").detail


def test_an_operator_that_nobody_has_is_named(bench, refused, tmp_path, plain):
    node = helper.make_node("Wobble", ["x"], ["y"], name="w1", domain="acme")
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("acme", 1)]
    proto = model([node], [tensor("x", [1])], [tensor("y", [1])], opset_imports=opsets)
    path = tmp_path / "w.onnx"
    onnx.save(proto, path)
    fault = refused(bench.verify((path, "onnx"), (plain, "onnx")), "unsupported_operator")
    assert "Wobble" in fault.operator


def test_slimming_folds_and_keeps_the_numbers(bench, tmp_path):
    nodes = [
        helper.make_node("Add", ["a", "b"], ["c"]),
        helper.make_node("Identity", ["x"], ["x1"]),
        helper.make_node("Mul", ["x1", "c"], ["y"]),
    ]
    weights = [("a", np.ones(3, np.float32)), ("b", np.full(3, 2, np.float32))]
    shapes = [tensor("x", ["n", 3])], [tensor("y", ["n", 3])]
    path = tmp_path / "m.onnx"
    onnx.save(model(nodes, *shapes, weights), path)
    carried = bench.carry("onnx-simplify", path, simplify=True)
    assert bench.inspect(carried.output, "onnx").report["operators"] == {"Mul": 1}
    assert carried.report["outputs"][0]["max_abs"] == 0


def test_shapes_that_lie_beside_the_graph_are_taken_in(tmp_path):
    rng = np.random.default_rng(1)
    table = rng.random((64, 512), np.float32)
    proto = model(
        [
            helper.make_node("MatMul", ["x", "table"], ["wide"]),
            helper.make_node("Reshape", ["wide", "shape"], ["y"]),
        ],
        [tensor("x", ["batch", 64])],
        [tensor("y", ["batch", 2, 256])],
        [("table", table), ("shape", np.array([-1, 2, 256]))],
    )
    folder = tmp_path / "model"
    folder.mkdir()
    save = {"save_as_external_data": True, "location": "w.bin", "size_threshold": 0}
    onnx.save(proto, folder / "m.onnx", **save)
    path = zipped(folder, tmp_path / "m.zip")
    ready = OnnxRuntime().prepare(path, tmp_path / "unpacked")
    x = rng.random((3, 64), np.float32)
    with OnnxRuntime().open(ready, {}) as session:
        assert np.allclose(session({"x": x})["y"], (x @ table).reshape(3, 2, 256))


def test_an_operator_that_nobody_knows_is_found_in_the_graph(bench, refused, tmp_path):
    proto = model(
        [helper.make_node("Frobnicate", ["x"], ["y"], name="frob_1", domain="acme")],
        [tensor("x", ["batch", 3])],
        [tensor("y", ["batch", 3])],
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("acme", 1)],
    )
    path = tmp_path / "m.onnx"
    path.write_bytes(proto.SerializeToString())
    fault = refused(bench.verify((path, "onnx"), (path, "onnx")), "unsupported_operator")
    assert (fault.node, fault.operator) == ("frob_1", "acme.Frobnicate")


def test_an_operator_of_a_node_without_a_name_is_named_alone(bench, refused, tmp_path):
    """ONNX Runtime has no Max for int16, and says of the node `with name ''`."""
    ends = [tensor(name, ["n"], TensorProto.INT16) for name in "aby"]
    path = tmp_path / "m.onnx"
    onnx.save(model([helper.make_node("Max", ["a", "b"], ["y"])], ends[:2], ends[2:]), path)
    fault = refused(bench.verify((path, "onnx"), (path, "onnx")), "unsupported_operator")
    assert (fault.operator, fault.node) == ("Max", None)


def test_models_older_than_shape_inference_are_slimmed(bench, tmp_path):
    """IR version 3, where each weight is an input, and an opset that onnxslim cannot infer."""
    shape = numpy_helper.from_array(np.array([1, 6], np.int64))
    nodes = [
        helper.make_node("Constant", [], ["shape"], value=shape),
        helper.make_node("Reshape", ["x", "shape"], ["flat"]),
        helper.make_node("Tanh", ["flat"], ["y"]),
    ]
    opsets = [helper.make_opsetid("", 6)]
    ends = [tensor("x", [2, 3])], [tensor("y", [1, 6])]
    old = model(nodes, *ends, opset_imports=opsets)
    old.ir_version = 3
    path = tmp_path / "m.onnx"
    onnx.save(old, path)
    assert bench.carry("onnx-simplify", path, simplify=True).report["outputs"][0]["max_abs"] == 0
