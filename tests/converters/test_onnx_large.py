"""A model of more than 2 GiB, which no protobuf holds: an embedding that is zero nearly all over.

Its weights lie in a file with a hole. What is written of it is not packed and unpacked again: the
steps around a conversion are the same for every size.
"""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from shared.domain.errors import InvalidOptions, StepRefused
from shared.domain.plans import TOLERANCES
from tests.converters.onnx_nets import model, value, weight
from workers.child import Workbench
from workers.converters import catalogue
from workers.runtimes import RUNTIMES
from workers.verification.verify import Side, verify

ROWS, WIDTH = 540_000, 1024
SIZE = ROWS * WIDTH * 4


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    assert SIZE > 1 << 31
    folder = tmp_path_factory.mktemp("large")
    built = model(
        [
            helper.make_node("Gather", ["table", "ids"], ["rows"], name="embed"),
            helper.make_node("MatMul", ["rows", "w"], ["y"], name="head"),
        ],
        [value("ids", ["batch", 3], TensorProto.INT64)],
        [value("y", ["batch", 3, 4])],
        [weight("w", WIDTH, 4)],
    )
    table = built.graph.initializer.add(name="table", dims=[ROWS, WIDTH], data_type=1)
    table.data_location = TensorProto.EXTERNAL
    table.external_data.add(key="location", value="table.bin")
    ends = np.random.default_rng(0).standard_normal((2, WIDTH)).astype(np.float32)
    with (folder / "table.bin").open("wb") as file:
        file.write(ends[0].tobytes())
        file.seek(SIZE - 4 * WIDTH)
        file.write(ends[1].tobytes())
    path = folder / "model.onnx"
    onnx.save(built, path)
    return path


def convert(edge: str, source: Path, folder: Path, **options: Any) -> Path:
    converter = catalogue()[edge]
    bench = Workbench(
        source=source,
        target=folder / "target",
        folder=folder,
        samples=None,
        extras=(),
        template=None,
        gpu=None,
        caches=(),
        cache_output=folder / "cache",
        options=converter.options(**options),
        tell=lambda _message, _progress: None,
    )
    converter.convert(bench)
    return bench.target


def proven(source: Path, result: Path, format: str) -> None:
    note = verify(
        Side(RUNTIMES["onnx"], source),
        Side(RUNTIMES[format], result),
        given={},
        samples=None,
        dynamic=True,
        tolerances=TOLERANCES,
        seed=0,
        say=lambda _message, _progress: None,
    )
    assert note.kind == "agreed", note
    (told,) = note.report["outputs"]
    assert told["largest"] > 1, "the rows at both ends were read"


def test_it_is_inspected(large):
    told = RUNTIMES["onnx"].inspect(large, {})
    assert told.parameters == ROWS * WIDTH + WIDTH * 4
    assert told.signature.inputs[0].upper == ROWS


def test_another_opset(large, tmp_path):
    result = convert("onnx-opset", large, tmp_path, opset=12)
    beside = large.with_name("changed.onnx")
    with zipfile.ZipFile(result) as archive:
        assert archive.getinfo("table.bin").file_size == SIZE
        beside.write_bytes(archive.read("model.onnx"))
    result.unlink()
    assert onnx.load(beside, load_external_data=False).opset_import[0].version == 12
    proven(large, beside, "onnx")


def test_openvino(large, tmp_path):
    result = convert("onnx-to-openvino", large, tmp_path)
    assert (result / "model.bin").stat().st_size > SIZE
    proven(large, result / "model.xml", "openvino")
    shutil.rmtree(result)


def test_savedmodel(large, tmp_path):
    result = convert("onnx-to-savedmodel", large, tmp_path)
    assert (result / "saved_model.pb").stat().st_size < 1 << 20
    assert sum(each.stat().st_size for each in (result / "variables").iterdir()) > SIZE
    proven(large, result, "savedmodel")
    shutil.rmtree(result)


def test_one_file_cannot_hold_it(large, tmp_path):
    with pytest.raises(InvalidOptions, match=str((1 << 31) - 1)):
        convert("onnx-join", large, tmp_path, external_data=False)


def test_no_precision_can_be_chosen(large, tmp_path):
    with pytest.raises(StepRefused, match="Leave precision out"):
        convert("onnx-to-fp16", large, tmp_path)


def test_nor_can_onnx_runtimes_format(large, tmp_path):
    with pytest.raises(StepRefused, match=str((1 << 31) - 1)):
        convert("onnx-to-ort", large, tmp_path)


def test_an_end_that_does_without_the_table(large, tmp_path):
    built = onnx.load(large, load_external_data=False)
    built.graph.node.append(helper.make_node("Neg", ["w"], ["apart"]))
    path = large.with_name("apart.onnx")
    path.write_bytes(built.SerializeToString())
    result = convert("onnx-outputs", path, tmp_path, outputs=["apart"])
    assert result.stat().st_size < 1 << 20
    proven_outputs = [each.name for each in onnx.load(result).graph.output]
    assert proven_outputs == ["apart"]
