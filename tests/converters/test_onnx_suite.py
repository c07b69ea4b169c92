"""The suite's runner: what it finds, what it compares, and what becomes of children that die."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from workers.onnx_suite.cases import Case, cases_in
from workers.onnx_suite.children import run_all
from workers.onnx_suite.compare import Tolerance, mismatch
from workers.onnx_suite.official import write_official
from workers.onnx_suite.results import Result, Status
from workers.onnx_suite.values import read, write

ROOT = Path(__file__).resolve().parents[2]

ENGINE = """
def run_model(path):
    import numpy as np
    def run(inputs):
        return [np.{function}(inputs[0])]
    return run
"""


def write_case(folder, data_sets, *, elem=TensorProto.FLOAT):
    """A case of Abs with one data set for each (input, output)."""
    folder.mkdir(parents=True)
    infos = [helper.make_tensor_value_info(name, elem, None) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Abs", ["x"], ["y"])], "abs", infos[:1], infos[1:])
    (folder / "model.onnx").write_bytes(helper.make_model(graph).SerializeToString())
    for index, (given, due) in enumerate(data_sets):
        place = folder / f"test_data_set_{index}"
        place.mkdir()
        for name, array in (("input", given), ("output", due)):
            raw = numpy_helper.from_array(array).SerializeToString()
            (place / f"{name}_0.pb").write_bytes(raw)


ONE = np.array([-1.5, 2.0], np.float32)


@pytest.fixture
def suite(tmp_path):
    """Run the command on numpy's function of that name; its status, JSON and words."""

    def run(function, cases, *more):
        (tmp_path / "engines").mkdir(exist_ok=True)
        (tmp_path / "engines" / "made.py").write_text(ENGINE.format(function=function))
        out = tmp_path / "out.json"
        target = ("--target", "engines.made", "--cases", str(cases), "--json", str(out))
        done = subprocess.run(
            [sys.executable, "-m", "workers.onnx_suite", *target, *more],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done, json.loads(out.read_text()) if out.exists() else None

    return run


def test_every_data_set_counts_at_any_depth(tmp_path, suite):
    cases = tmp_path / "cases"
    write_case(cases / "node" / "deep" / "right", [(ONE, abs(ONE)), (2 * ONE, 2 * abs(ONE))])
    write_case(cases / "wrong_in_the_second", [(ONE, abs(ONE)), (ONE, ONE)])
    done, found = suite("abs", cases)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "passed 1 of 2"
    by_name = {each["name"]: each for each in found["results"]}
    assert by_name["node/deep/right"]["status"] == "passed"
    assert by_name["wrong_in_the_second"]["status"] == "failed"
    assert "test_data_set_1" in by_name["wrong_in_the_second"]["reason"]


def test_a_folder_that_is_a_case_is_run(tmp_path, suite):
    write_case(tmp_path / "alone", [(ONE, abs(ONE))])
    done, found = suite("abs", tmp_path / "alone")
    assert (done.returncode, found["passed"], found["cases"]) == (0, 1, 1)
    assert found["results"][0]["name"] == "alone"


def test_what_an_engine_raises_is_a_refusal(tmp_path, suite):
    write_case(tmp_path / "cases" / "one", [(ONE, abs(ONE))])
    _, found = suite("not_there", tmp_path / "cases")
    assert found["results"][0]["status"] == "refused"
    assert found["results"][0]["code"] == "exception"
    assert "not_there" in found["results"][0]["reason"]


def test_a_case_without_data_cannot_pass(tmp_path, suite):
    write_case(tmp_path / "cases" / "bare", [])
    _, found = suite("abs", tmp_path / "cases")
    assert found["results"][0]["status"] == "refused"
    assert found["results"][0]["code"] == "invalid_model"


@pytest.mark.parametrize("name", ["model.onnx", "test_data_set_0/input_0.pb"])
def test_broken_files_are_told_of(tmp_path, suite, name):
    write_case(tmp_path / "cases" / "one", [(ONE, abs(ONE))])
    (tmp_path / "cases" / "one" / name).write_bytes(b"\xff\xff no protobuf")
    _, found = suite("abs", tmp_path / "cases")
    assert found["results"][0]["status"] == "refused"
    assert found["results"][0]["code"] == "invalid_model"


def test_only_runs_what_is_named_so(tmp_path, suite):
    for name in ("conv_a", "conv_b", "pool"):
        write_case(tmp_path / "cases" / name, [(ONE, abs(ONE))])
    _, found = suite("abs", tmp_path / "cases", "--only", "conv_*")
    assert [each["name"] for each in found["results"]] == ["conv_a", "conv_b"]


@pytest.mark.parametrize("there", [True, False])
def test_no_case_is_an_error(tmp_path, suite, there):
    if there:
        (tmp_path / "cases").mkdir()
    done, _ = suite("abs", tmp_path / "cases")
    assert done.returncode == 1
    assert "no case" in done.stderr


def test_an_engine_that_is_nowhere_is_an_error(tmp_path, suite):
    write_case(tmp_path / "cases" / "one", [(ONE, abs(ONE))])
    done, _ = suite("abs", tmp_path / "cases", "--target", "no.such")
    assert done.returncode == 1
    assert "no.such" in done.stderr


def test_the_official_cases_are_written_as_they_always_were(tmp_path):
    assert write_official(tmp_path) == 2027
    assert len(list((tmp_path / "node").iterdir())) == 1884
    assert not list(tmp_path.glob("real*"))


def test_the_own_tolerance_of_a_case_holds(tmp_path, suite):
    write_case(tmp_path / "cases" / "one", [(ONE, abs(ONE) * np.float32(1.01))])
    assert suite("abs", tmp_path / "cases")[1]["passed"] == 0
    (tmp_path / "cases" / "one" / "data.json").write_text(json.dumps({"rtol": 0.02}))
    assert suite("abs", tmp_path / "cases")[1]["passed"] == 1


def _judge(case):
    if case.name == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if case.name == "left":
        os._exit(3)
    if case.name == "slow":
        if os.fork() == 0:
            time.sleep(60)
        time.sleep(60)
    return Result(name=case.name, status=Status.PASSED)


def test_children_that_die_or_hang_are_told_of_and_the_rest_goes_on(tmp_path):
    cases = [Case(name, tmp_path) for name in ("a", "killed", "left", "slow", "z")]
    began = time.monotonic()
    found = {each.name: each for each in run_all(cases, _judge, jobs=2, seconds=1, verbose=False)}
    assert time.monotonic() - began < 20
    assert {name: each.status.value for name, each in found.items()} == {
        "a": "passed",
        "killed": "crashed",
        "left": "crashed",
        "slow": "timeout",
        "z": "passed",
    }
    assert "SIGKILL" in found["killed"].reason
    assert "status 3" in found["left"].reason


NAN = np.array([np.nan, np.inf, -np.inf, 1.0], np.float32)
HALF = np.array([1.0, 2.0], np.float16)
BRAIN = np.array([1.0, 2.0], ml_dtypes.bfloat16)
NIBBLES = np.array([1, -2], ml_dtypes.int4)
TEXT = np.array(["a", "ß"], object)


@pytest.mark.parametrize(
    ("due", "got"),
    [
        (NAN, NAN.copy()),
        (ONE, ONE * np.float32(1.0009)),
        (np.zeros(2, np.float32), np.full(2, 9e-6, np.float32)),
        (HALF, HALF * np.float16(1.009)),
        (BRAIN, (BRAIN.astype(np.float32) * 1.008).astype(ml_dtypes.bfloat16)),
        (NIBBLES, NIBBLES.copy()),
        (TEXT, np.array([b"a", "ß".encode()], object)),
        ([ONE, TEXT], [ONE, TEXT]),
        ({1: 2.0}, {1: 2.0}),
        (None, None),
        (np.array([1 + 1j], np.complex64), np.array([1 + 1j], np.complex64)),
        (np.array([2**63 + 1], np.uint64), np.array([2**63 + 1], np.uint64)),
        (np.float32(1.0), np.array(1.0, np.float32)),
    ],
)
def test_what_agrees(due, got):
    assert mismatch([due], [got], Tolerance()) is None


@pytest.mark.parametrize(
    ("due", "got", "told"),
    [
        (NAN, np.array([1, np.inf, -np.inf, 1], np.float32), "1 of 4 values"),
        (NAN, np.array([np.nan, np.inf, np.inf, 1], np.float32), "1 of 4 values"),
        (ONE, ONE * np.float32(1.002), "2 of 2 values"),
        (ONE, ONE.astype(np.float64), "float64 instead of float32"),
        (ONE, ONE[None], "shape 1x2 instead of 2"),
        (HALF, HALF * np.float16(1.03), "2 of 2 values"),
        (NIBBLES, np.array([1, -3], ml_dtypes.int4), "1 of 2 values"),
        (np.array([2**53 + 1]), np.array([2**53]), "1 of 1 values"),
        (np.array([True]), np.array([False]), "1 of 1 values"),
        (np.array([True]), np.array([1], np.int64), "int64 instead of bool"),
        (TEXT, np.array(["a", "b"], object), "1 of 2 texts"),
        (TEXT, ONE, "float32 instead of text"),
        ([ONE], [ONE, ONE], "a sequence of 2 instead of 1"),
        ([ONE], [2 * ONE], "item 0"),
        ([ONE], ONE, "a tensor instead of a sequence"),
        (ONE, [ONE], "a sequence instead of a tensor"),
        (ONE, None, "an empty optional instead of a tensor"),
        (None, ONE, "a tensor instead of an empty optional"),
        ({1: 2.0}, {2: 2.0}, "the keys"),
        ({1: 2.0}, {1: 3.0}, "at 1"),
        ({1: 2.0}, ONE, "a tensor instead of a map"),
    ],
)
def test_what_does_not_agree(due, got, told):
    assert told in mismatch([due], [got], Tolerance())


def test_outputs_are_counted():
    assert mismatch([ONE], [], Tolerance()) == "0 outputs instead of 1"
    assert mismatch([ONE], [ONE, ONE], Tolerance()) == "2 outputs instead of 1"


TENSOR = helper.make_tensor_type_proto(TensorProto.FLOAT, None)
WORDS = helper.make_tensor_type_proto(TensorProto.STRING, None)


@pytest.mark.parametrize(
    ("value", "declared"),
    [
        (ONE, TENSOR),
        (TEXT, WORDS),
        ([ONE, 2 * ONE], helper.make_sequence_type_proto(TENSOR)),
        (ONE, helper.make_optional_type_proto(TENSOR)),
        (None, helper.make_optional_type_proto(TENSOR)),
        ([ONE], helper.make_optional_type_proto(helper.make_sequence_type_proto(TENSOR))),
    ],
)
def test_values_are_read_as_they_were_written(tmp_path, value, declared):
    write(value, declared, "x", tmp_path / "x.pb")
    assert mismatch([value], [read(tmp_path / "x.pb", declared)], Tolerance()) is None


def test_inputs_that_a_weight_stands_in_for_may_be_left_out(tmp_path):
    folder = tmp_path / "one"
    write_case(folder, [(ONE, abs(ONE))])
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "wxy"]
    weight = numpy_helper.from_array(ONE, "w")
    node = helper.make_node("Add", ["w", "x"], ["y"])
    graph = helper.make_graph([node], "add", infos[:2], infos[2:], [weight])
    (folder / "model.onnx").write_bytes(helper.make_model(graph).SerializeToString())
    assert len(cases_in(tmp_path)[0].data_sets()[0].inputs) == 1


def test_files_of_many_inputs_keep_their_order(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    names = [f"x{index}" for index in range(11)]
    infos = [helper.make_tensor_value_info(name, TensorProto.INT64, []) for name in names]
    due = helper.make_tensor_value_info("y", TensorProto.INT64, [])
    graph = helper.make_graph([helper.make_node("Max", names, ["y"])], "g", infos, [due])
    (folder / "model.onnx").write_bytes(helper.make_model(graph).SerializeToString())
    place = folder / "test_data_set_0"
    place.mkdir()
    for index in range(11):
        write(np.array(index), infos[0].type, "x", place / f"input_{index}.pb")
    write(np.array(10), due.type, "y", place / "output_0.pb")
    assert [int(each) for each in cases_in(tmp_path)[0].data_sets()[0].inputs] == [*range(11)]
