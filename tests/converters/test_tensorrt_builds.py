"""Engines built for real by TensorRT-RTX: what the options do, and what is told of the result."""

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest

from shared.domain.archives import pack
from shared.domain.engines import Manifest
from shared.domain.orders import STOP_FILE, ProducedNote, RefusedNote
from tests.converters import tensorrt_nets as nets
from workers import child
from workers.tensorrt_bridge.library import load

EDGE = "onnx-to-tensorrt-rtx"


@pytest.fixture
def built(bench, tmp_path):
    """Build a net; the note's report and the zip."""

    def run(net, **options):
        path = nets.saved(tmp_path / "net.onnx", net)
        note, output = bench.convert(EDGE, path, **options)
        assert isinstance(note, ProducedNote), note
        return note.report, output

    return run


@pytest.fixture
def fault(bench, tmp_path, refused):
    """The fault of a net that cannot be built."""

    def run(net, code, **options):
        path = tmp_path / "net.onnx"
        path.write_bytes(net) if isinstance(net, bytes) else onnx.save(net, path)
        return refused(bench.convert(EDGE, path, **options)[0], code)

    return run


def test_the_zip_holds_an_engine_and_its_manifest(built, tmp_path):
    report, output = built(nets.convolution())
    with zipfile.ZipFile(output) as archive:
        assert sorted(archive.namelist()) == ["manifest.json", "model.engine"]
        told = Manifest.model_validate_json(archive.read("manifest.json"))
        engine = archive.read("model.engine")
    assert Manifest.model_validate(report["manifest"]) == told
    assert told.digest == f"sha256:{hashlib.sha256(engine).hexdigest()}"
    assert told.size == len(engine) > 10_000
    source = (tmp_path / "net.onnx").read_bytes()
    assert told.source == f"sha256:{hashlib.sha256(source).hexdigest()}"
    library = load("tensorrt-rtx")
    assert (told.format, told.library, told.bindings) == (
        "tensorrt-rtx",
        library.version,
        library.bindings,
    )
    assert (told.gpu, told.driver, told.precision, told.flags) == (None, None, "fp32", ())
    assert told.inputs[0].shape == ("n", 3, "h", "w")
    assert told.outputs[0].name == "y"


def test_the_report_says_what_the_build_took(built):
    report, _ = built(nets.convolution())
    build = report["build"]
    assert build["layers"] == 4
    assert (build["inputs"], build["outputs"], build["peak_device_memory"]) == (1, 1, None)
    assert build["peak_memory"] > 10 << 20
    assert build["seconds"] > 0


@pytest.mark.parametrize(("option", "flag"), [("tf32", "TF32"), ("sparsity", "SPARSE_WEIGHTS")])
def test_options_are_flags_of_the_builder(built, option, flag):
    report, _ = built(nets.convolution(1), **{option: True})
    assert report["manifest"]["flags"] == [flag]
    assert report["manifest"]["options"][option] is True


@pytest.mark.parametrize(
    "options",
    [
        {"optimization_level": 0},
        {"optimization_level": 5},
        {"workspace": 1 << 26},
        {"max_aux_streams": 0},
        {"profiling": "none"},
        {"profiling": "detailed"},
    ],
    ids=str,
)
def test_every_other_option_builds(built, options):
    report, _ = built(nets.convolution(1), **options)
    (option,) = options
    assert report["manifest"]["options"][option] == options[option]


@pytest.mark.parametrize("option", ["refittable", "weight_stripped", "version_compatible"])
def test_what_needs_a_gpu_is_refused_by_the_options_name(fault, option):
    found = fault(nets.convolution(1), "invalid_options", **{option: True})
    assert found.field == option
    assert "TensorRT-RTX 1." in found.detail
    assert option in found.detail


@pytest.mark.parametrize(
    ("net", "precision"),
    [
        (nets.convolution(1), "fp32"),
        (nets.convolution(1, np.float16), "fp16"),
    ],
    ids=["fp32", "fp16"],
)
def test_precision_is_told_from_the_graph(built, net, precision):
    assert built(net)[0]["manifest"]["precision"] == precision
    if precision == "fp32":
        assert built(net, tf32=True)[0]["manifest"]["precision"] == "tf32"


def test_ranges_of_the_user_are_the_profile(built):
    given = {"min": [1, 3, 8, 8], "opt": [2, 3, 16, 16], "max": [4, 3, 32, 32]}
    report, _ = built(nets.convolution(), shapes={"x": given})
    assert report["manifest"]["profiles"] == [{"x": given}]


def test_guessed_ranges_are_replaced_where_the_model_takes_others(built):
    report, _ = built(nets.picky())
    (profile,) = report["manifest"]["profiles"]
    assert profile["x"]["opt"][2:] == [224, 224]


def test_ranges_of_the_user_are_not_replaced(fault):
    given = {"min": [1, 3, 8, 8], "opt": [2, 3, 16, 16], "max": [4, 3, 32, 32]}
    found = fault(nets.picky(), "invalid_profile", shapes={"x": given})
    assert found.field == "shapes"
    assert "reshape would change volume" in found.detail


def test_a_range_outside_of_the_model_names_the_input(fault):
    given = {"min": [1, 4, 8, 8], "opt": [1, 4, 8, 8], "max": [1, 4, 8, 8]}
    found = fault(nets.convolution(), "invalid_profile", shapes={"x": given})
    assert found.field == "shapes.x"
    assert "has 3 on axis 1, and min says 4" in found.detail


def test_inputs_that_are_shapes_have_ranges_of_values(built):
    given = {"min": [1, 4], "opt": [2, 4], "max": [8, 4]}
    report, _ = built(nets.shaped_by_input(), shapes={"to": given})
    manifest = report["manifest"]
    assert manifest["values"] == ["to"]
    (profile,) = manifest["profiles"]
    assert profile["to"] == given
    assert profile["pick"] == {"min": [3], "opt": [3], "max": [3]}


def test_weights_in_other_files_are_read(bench, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    onnx.save(
        nets.wide(256),
        folder / "net.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    pack(folder, tmp_path / "model.zip")
    note, output = bench.convert(EDGE, tmp_path / "model.zip")
    assert isinstance(note, ProducedNote), note
    assert note.report["manifest"]["size"] > 256 * 256 * 4
    assert zipfile.ZipFile(output).testzip() is None


def test_an_operator_that_is_not_taken_is_named(fault):
    found = fault(nets.gappy(), "unsupported_operator")
    assert (found.node, found.operator) == ("determinant", "Det")
    assert "Nodes that are not taken: 2." in found.detail
    assert "Compute the determinant outside of the model" in found.detail


@pytest.mark.parametrize(
    ("net", "node", "operator", "words"),
    [
        (nets.hidden_gaps(), "one_bias", "DequantizeLinear", "QuantizeBias: False"),
        (nets.inner_gap(), "inner", "Det", "inside of branch"),
        (nets.custom(), "foo", "my.domain.Foo", "my.domain"),
        (nets.text(), "x", "Input", "STRING"),
        (nets.old(), "sum", "Add", "with opset 13 or later"),
        (nets.running_product(), "run", "CumProd", "else replace it in the model"),
        (nets.causal(), "look", "Attention", "not supported by a dedicated kernel"),
    ],
    ids=["quantized bias", "branch", "custom", "text", "old", "no plugin", "no kernel"],
)
def test_gaps_come_with_what_to_try(fault, net, node, operator, words):
    found = fault(net, "unsupported_operator")
    assert (found.node, found.operator) == (node, operator)
    assert words in found.detail


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (nets.convolution().SerializeToString()[:-40], "cut short"),
        (b"", "no graph"),
        (nets.dangling(), "no other node's result"),
        (nets.unranked(), "how many dimensions"),
    ],
    ids=["truncated", "empty", "dangling", "unranked"],
)
def test_broken_models_are_the_models_fault(fault, net, words):
    assert words in fault(net, "invalid_model").detail


def test_progress_only_grows_and_names_phases(bench, tmp_path, capsys):
    path = nets.saved(tmp_path / "net.onnx", nets.convolution(6))
    capsys.readouterr()
    bench.convert(EDGE, path)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith('{"mess')]
    said = [json.loads(line) for line in lines]
    numbers = [each["progress"] for each in said if each["progress"] is not None]
    assert numbers == sorted(numbers)
    assert numbers[-1] > 0.85
    assert {"building engine", "optimizing graph"} <= {each["message"] for each in said}


def test_a_stop_file_ends_the_build_and_leaves_nothing(bench, tmp_path, monkeypatch):
    """The file appears while the builder is at work, as when a job is cancelled."""
    path = nets.saved(tmp_path / "net.onnx", nets.convolution(8))
    folder = bench.folder / "1"
    heard = []

    def voice(_notes):
        def say(message, _progress):
            heard.append(message)
            if message == "optimizing graph":
                (folder / STOP_FILE).touch()

        return say

    monkeypatch.setattr(child, "_voice", voice)
    note, output = bench.convert(EDGE, path)
    assert isinstance(note, RefusedNote)
    assert note.fault.detail == "The build was stopped."
    assert not output.exists()
    assert heard[-1] != "packing the folder"
    assert not list(Path(folder).rglob("manifest.json"))
