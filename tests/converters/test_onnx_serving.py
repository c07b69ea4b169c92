"""ONNX to the formats that it is served in: OpenVINO IR, and ONNX Runtime's own."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from shared.domain.orders import ProducedNote
from shared.domain.recognition import recognise
from tests.converters.onnx_nets import convolutional, model, modern, saved, value, weight, whole

ROADS = ("onnx-to-openvino", "onnx-to-ort")
ROOT = Path(__file__).resolve().parents[2]


def recognised(path: Path) -> str:
    with path.open("rb") as reader:
        return recognise(reader, said=None, name=path.name).format.name


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("net", [convolutional, modern])
def test_names_and_dimensions_that_vary_are_kept(bench, tmp_path, road, net):
    built = net()
    done = bench.carry(road, saved(built, tmp_path))
    assert done.report["matched_by"] == "inputs by name, outputs by name"
    batches = {case["shapes"]["x"][0] for case in done.report["cases"]}
    assert batches == {1, 2, 5}
    assert max(each["max_rel"] for each in done.report["outputs"]) < 1e-5


@pytest.mark.parametrize("road", ROADS)
def test_a_result_is_known_by_its_bytes_and_inspected(bench, tmp_path, road):
    target = road.rpartition("-")[2]
    _, output = bench.convert(road, saved(convolutional(), tmp_path))
    assert recognised(output) == target
    told = bench.inspect(output, target).report
    assert told["format"] == target
    assert [each["name"] for each in told["signature"]["inputs"]] == ["x"]
    assert told["signature"]["inputs"][0]["shape"][1] == 3
    assert told["parameters"] >= 8 * 27 + 8 + 40 + 5
    assert told["operators"]


def test_the_same_model_gives_the_same_bytes_of_openvino(tmp_path):
    saved(convolutional(), tmp_path)
    script = (
        "import sys; from pathlib import Path; from tests.converters.conftest import Bench;"
        "folder = Path(sys.argv[1]); folder.mkdir();"
        "note, output = Bench(folder).convert('onnx-to-openvino', Path(sys.argv[2]));"
        "print(output)"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / each), str(tmp_path / "model.onnx")],
            capture_output=True,
            check=True,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        ).stdout.splitlines()[-1]
        for each in ("one", "other")
    ]
    one, other = map(Path, outputs)
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("road", ROADS)
def test_an_input_that_is_an_output_and_one_that_is_never_read(bench, tmp_path, road):
    built = model(
        [helper.make_node("Neg", ["x"], ["n"]), helper.make_node("Identity", ["n"], ["m"])],
        [value("x", ["k", 2]), value("idle", ["k", 2])],
        [value("m", ["k", 2]), value("n", ["k", 2])],
    )
    bench.carry(road, saved(built, tmp_path))


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    "dtype", ["float16", "float64", "int8", "int32", "int64", "uint8", "uint64", "bool"]
)
def test_dtypes(bench, tmp_path, road, dtype):
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(getattr(ml_dtypes, dtype, dtype)))
    node = helper.make_node("Not" if dtype == "bool" else "Identity", ["x"], ["h"])
    built = model(
        [node, helper.make_node("Identity", ["h"], ["y"])],
        [value("x", ["k", 3], kind)],
        [value("y", ["k", 3], kind)],
    )
    bench.carry(road, saved(built, tmp_path))


def test_bfloat16_at_the_ends_arrives_or_is_refused_by_name(bench, refused, tmp_path):
    kind = TensorProto.BFLOAT16
    built = model(
        [helper.make_node("Identity", ["x"], ["h"]), helper.make_node("Neg", ["h"], ["y"])],
        [value("x", ["k", 3], kind)],
        [value("y", ["k", 3], kind)],
    )
    path = saved(built, tmp_path)
    bench.carry("onnx-to-openvino", path)
    note, _ = bench.convert("onnx-to-ort", path)
    fault = refused(note, "conversion_failed")
    assert fault.node == "x"
    assert "bfloat16" in fault.detail


@pytest.mark.parametrize("level", ["none", "basic", "extended", "all"])
def test_how_far_the_graph_is_optimised_can_be_chosen(bench, tmp_path, level):
    done = bench.carry("onnx-to-ort", saved(convolutional(), tmp_path), optimisation=level)
    kinds = bench.inspect(done.output, "ort").report["operators"]
    assert ("Relu" in kinds) == (level in {"none", "basic"})


def test_weights_in_a_second_file_come_along(bench, tmp_path):
    built = model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [value("x", ["n", 256])],
        [value("y", ["n", 128])],
        [weight("w", 256, 128)],
    )
    _, apart = bench.convert("onnx-split", saved(built, tmp_path), external_data=True)
    assert zipfile.is_zipfile(apart)
    for road in ROADS:
        bench.carry(road, apart)


def test_a_precision_goes_on_to_openvino(bench, tmp_path):
    path = saved(convolutional(), tmp_path)
    note, half = bench.convert("onnx-to-fp16", path)
    assert isinstance(note, ProducedNote)
    _, output = bench.convert("onnx-to-openvino", half)
    note = bench.verify((path, "onnx"), (output, "openvino"), precision="fp16")
    assert note.kind == "agreed", note


def test_the_operator_that_openvino_lacks_is_named(bench, refused, tmp_path):
    built = model(
        [
            helper.make_node(
                "TreeEnsembleRegressor",
                ["x"],
                ["y"],
                name="trees",
                domain="ai.onnx.ml",
                nodes_treeids=[0],
                nodes_nodeids=[0],
                nodes_featureids=[0],
                nodes_modes=["LEAF"],
                nodes_values=[0.0],
                nodes_truenodeids=[0],
                nodes_falsenodeids=[0],
                target_treeids=[0],
                target_nodeids=[0],
                target_ids=[0],
                target_weights=[1.0],
                n_targets=1,
            )
        ],
        [value("x", ["n", 2])],
        [value("y", ["n", 1])],
        opsets=[helper.make_opsetid("ai.onnx.ml", 3)],
    )
    note, _ = bench.convert("onnx-to-openvino", saved(built, tmp_path))
    fault = refused(note, "unsupported_operator")
    assert (fault.node, fault.operator) == ("trees", "ai.onnx.ml.TreeEnsembleRegressor")
    bench.carry("onnx-to-ort", saved(built, tmp_path))


def test_an_archive_without_its_weights_is_refused(bench, refused, tmp_path):
    path = tmp_path / "half.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.xml", "<net/>")
    assert "one .xml" in refused(bench.inspect(path, "openvino"), "invalid_model").detail


@pytest.mark.parametrize("cut", [8, 40, -16])
def test_a_cut_file_is_no_crash(bench, refused, tmp_path, cut):
    _, output = bench.convert("onnx-to-ort", saved(convolutional(), tmp_path))
    broken = tmp_path / "broken.ort"
    broken.write_bytes(output.read_bytes()[:cut])
    refused(bench.inspect(broken, "ort"), "invalid_model")


def test_no_more_is_said_of_a_graph_than_it_holds(bench, tmp_path):
    built = model(
        [helper.make_node("Gather", ["table", "ids"], ["y"])],
        [value("ids", ["n", "t"], TensorProto.INT64)],
        [value("y", ["n", "t", 4])],
        [weight("table", 10, 4), whole("unused", 1, 2)],
    )
    _, output = bench.convert("onnx-to-ort", saved(built, tmp_path))
    assert bench.inspect(output, "ort").report["parameters"] == 40
    assert onnx.checker.check_model(built) is None
