"""Exported programs to ONNX: the numbers are the only oracle."""

import numpy as np
import pytest
import torch

from bench.resnet18 import write_pt2
from tests.converters.torch_nets import BATCH, NETS


@pytest.mark.parametrize("name", NETS)
def test_it_computes_what_the_program_computes(bench, tmp_path, name):
    net = NETS[name]
    carried = bench.carry("pt2-to-onnx", net.pt2(tmp_path / "m.pt2"))
    batches = {next(iter(case["shapes"].values()))[0] for case in carried.report["cases"]}
    assert batches == {1, 2, 5}
    assert max(each["max_rel"] for each in carried.report["outputs"]) < (
        2e-3 if net.half else 1e-5
    )
    assert min(each["cosine"] for each in carried.report["outputs"]) > 0.9999
    found = bench.inspect(carried.output, "onnx").report["signature"]
    assert [each["name"] for each in found["inputs"]] == list(net.inputs)
    names = [each["name"] for each in carried.inspection["signature"]["outputs"]]
    assert [each["name"] for each in found["outputs"]] == names


def test_lengths_that_vary_are_tried_at_more_than_one(bench, tmp_path):
    carried = bench.carry("pt2-to-onnx", NETS["words"].pt2(tmp_path / "m.pt2"))
    assert len({case["shapes"]["ids"][1] for case in carried.report["cases"]}) == 2


@pytest.mark.parametrize("name", ["cnn", "words", "many", "upscale"])
def test_the_older_exporter_agrees_too(bench, tmp_path, name):
    carried = bench.carry("pt2-to-onnx-traced", NETS[name].pt2(tmp_path / "m.pt2"), opset=13)
    assert bench.inspect(carried.output, "onnx").report["opset"] == 13


def test_a_length_that_the_older_exporter_bakes_in_is_a_disagreement(bench, refused, tmp_path):
    path = NETS["encoder"].pt2(tmp_path / "m.pt2")
    _, output = bench.convert("pt2-to-onnx-traced", path)
    fault = refused(bench.verify((path, "pt2"), (output, "onnx")), "accuracy_mismatch")
    assert "refuses inputs that the source takes" in fault.detail


def test_dimensions_can_be_given_up(bench, tmp_path):
    carried = bench.carry("pt2-to-onnx", NETS["encoder"].pt2(tmp_path / "m.pt2"), dynamic=False)
    found = bench.inspect(carried.output, "onnx").report["signature"]
    assert found["inputs"][0]["shape"] == [2, 9]
    assert {tuple(case["shapes"]["ids"]) for case in carried.report["cases"]} == {(2, 9)}


def test_opsets_are_written_as_asked(bench, tmp_path):
    carried = bench.carry("pt2-to-onnx", NETS["cnn"].pt2(tmp_path / "m.pt2"), opset=20)
    assert bench.inspect(carried.output, "onnx").report["opset"] == 20


def test_an_inspection_knows_the_vocabulary(bench, tmp_path):
    report = bench.inspect(NETS["words"].pt2(tmp_path / "m.pt2"), "pt2").report
    assert report["signature"]["inputs"][0]["upper"] == 20
    assert report["parameters"] == 20 * 8 + 8 * 4 + 4
    assert report["operators"]["aten.embedding.default"] == 1


def test_resnet18(bench, tmp_path):
    write_pt2(tmp_path / "m.pt2")
    carried = bench.carry("pt2-to-onnx", tmp_path / "m.pt2")
    assert carried.inspection["parameters"] == 11_689_512
    assert carried.report["outputs"][0]["max_rel"] < 1e-5


class Bessel(torch.nn.Module):
    """An operator that PyTorch has and ONNX has not."""

    def forward(self, x):
        return torch.special.bessel_j0(x) + 1


@pytest.mark.parametrize("route", ["pt2-to-onnx", "pt2-to-onnx-traced"])
def test_an_operator_without_translation_is_named(bench, refused, tmp_path, route):
    path = tmp_path / "m.pt2"
    program = torch.export.export(Bessel(), (torch.randn(2, 3),), dynamic_shapes=({0: BATCH},))
    torch.export.save(program, path)
    note, _ = bench.convert(route, path)
    fault = refused(note, "unsupported_operator")
    assert "bessel_j0" in fault.operator
    assert fault.node or route == "pt2-to-onnx-traced"


def test_a_custom_operator_is_named(bench, refused, tmp_path):
    library = torch.library.Library("ferrytest", "DEF")
    library.define("odd(Tensor x) -> Tensor")
    library.impl("odd", lambda x: x * 3, "CompositeExplicitAutograd")

    class Odd(torch.nn.Module):
        def forward(self, x):
            return torch.ops.ferrytest.odd(x) + 1

    path = tmp_path / "m.pt2"
    torch.export.save(torch.export.export(Odd(), (torch.randn(2, 3),)), path)
    here = bench.convert("pt2-to-onnx", path)[0]
    assert "ferrytest" in refused(here, "unsupported_operator").operator
    library._destroy()
    fault = refused(bench.inspect(path, "pt2"), "unsupported_operator")
    assert fault.operator == "ferrytest.odd.default"
    assert fault.node == "odd"


def test_dropout_in_training_mode_is_explained(bench, refused, tmp_path):
    path = tmp_path / "m.pt2"
    module = torch.nn.Sequential(torch.nn.Linear(4, 64), torch.nn.Dropout(0.5)).train()
    torch.export.save(torch.export.export(module, (torch.randn(2, 4),)), path)
    produced, output = bench.convert("pt2-to-onnx", path)
    assert produced.kind == "produced"
    fault = refused(bench.verify((path, "pt2"), (output, "onnx")), "invalid_model")
    assert "model.eval()" in fault.detail


def test_samples_replace_made_up_inputs(bench, tmp_path):
    path = NETS["words"].pt2(tmp_path / "m.pt2")
    np.savez(tmp_path / "s.npz", ids=np.random.default_rng(1).integers(0, 20, (7, 12)))
    carried = bench.carry("pt2-to-onnx", path, tmp_path / "s.npz")
    assert carried.report["inputs"] == "samples"
    assert carried.report["cases"][0]["shapes"] == {"ids": [7, 12]}


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"idz": np.zeros((2, 9), np.int64)}, "inputs are ['ids']"),
        ({"ids": np.zeros((2, 9), np.float32)}, "takes int64"),
        ({"ids": np.zeros((2, 9, 3, 1), np.int64)}, "first axis counts samples"),
    ],
)
def test_samples_that_do_not_fit_name_the_field(bench, refused, tmp_path, arrays, words):
    path = NETS["words"].pt2(tmp_path / "m.pt2")
    np.savez(tmp_path / "s.npz", **arrays)
    fault = refused(bench.inspect(path, "pt2", tmp_path / "s.npz"), "bad_samples")
    assert words in fault.detail
    assert fault.field.startswith("samples.id")
