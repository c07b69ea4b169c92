"""TorchScript to ONNX: the numbers are the only oracle."""

import numpy as np
import pytest
import torch

from tests.converters.torch_nets import NETS, Branch

TWO = {
    "left": {"shape": ["batch", 4], "dtype": "float32"},
    "right": {"shape": ["batch", 3], "dtype": "float32"},
}


@pytest.mark.parametrize("how", ["traced", "scripted"])
@pytest.mark.parametrize("name", ["cnn", "residual", "words", "many", "upscale", "lstm", "gru"])
def test_it_computes_what_the_module_computes(bench, tmp_path, name, how):
    path = getattr(NETS[name], how)(tmp_path / "m.pt")
    carried = bench.carry("torchscript-to-onnx", path)
    batches = {next(iter(case["shapes"].values()))[0] for case in carried.report["cases"]}
    assert batches == {1, 2, 5}
    assert max(each["max_rel"] for each in carried.report["outputs"]) < 1e-5
    assert carried.report["matched_by"] == "inputs by name, outputs by name"


def test_a_dict_of_outputs_keeps_its_keys(bench, tmp_path):
    carried = bench.carry("torchscript-to-onnx", NETS["keys"].scripted(tmp_path / "m.pt"))
    report = bench.inspect(carried.output, "onnx").report
    assert [each["name"] for each in report["signature"]["outputs"]] == ["states", "pooled"]


def test_old_opsets_are_written(bench, tmp_path):
    carried = bench.carry("torchscript-to-onnx", NETS["cnn"].traced(tmp_path / "m.pt"), opset=11)
    assert bench.inspect(carried.output, "onnx").report["opset"] == 11


def test_inputs_are_found_by_running(bench, tmp_path):
    found = bench.inspect(NETS["cnn"].traced(tmp_path / "m.pt"), "torchscript").report
    tensor = found["signature"]["inputs"][0]
    assert tensor == {
        "name": "image",
        "dtype": "float32",
        "shape": ["batch", 3, "height", "width"],
        "upper": None,
    }
    words = bench.inspect(NETS["words"].scripted(tmp_path / "w.pt"), "torchscript").report
    assert words["signature"]["inputs"][0]["dtype"] == "int64"
    assert words["signature"]["inputs"][0]["upper"] == 20


def test_a_size_that_the_module_insists_on_is_found(bench, tmp_path):
    path = tmp_path / "m.pt"
    fixed = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.Flatten(), torch.nn.Linear(4 * 26 * 26, 3)
    ).eval()
    torch.jit.save(torch.jit.trace(fixed, torch.randn(2, 1, 28, 28)), path)
    found = bench.inspect(path, "torchscript").report["signature"]
    assert found["inputs"][0]["shape"] == ["batch", 1, 28, 28]
    assert found["outputs"][0]["shape"] == ["batch", 3]


class Silent(torch.nn.Module):
    """No weight: nothing shows what it takes."""

    def forward(self, x, y):
        return x.flatten(1) + y.flatten(1)


def test_what_cannot_be_found_out_is_asked_for(bench, refused, tmp_path):
    path = tmp_path / "m.pt"
    torch.jit.save(torch.jit.script(Silent()), path)
    fault = refused(bench.inspect(path, "torchscript"), "invalid_model")
    assert "Send samples" in fault.detail
    shape = {"shape": ["batch", 2, 3], "dtype": "float32"}
    carried = bench.carry("torchscript-to-onnx", path, inputs={"x": shape, "y": shape})
    assert carried.report["verified"]


def test_samples_say_what_the_inputs_are(bench, tmp_path):
    path = tmp_path / "m.pt"
    torch.jit.save(torch.jit.script(Silent()), path)
    rng = np.random.default_rng(0)
    arrays = {name: rng.random((6, 2, 3), np.float32) for name in "xy"}
    np.savez(tmp_path / "s.npz", **arrays)
    carried = bench.carry("torchscript-to-onnx", path, tmp_path / "s.npz")
    assert carried.report["inputs"] == "samples"


def test_inputs_that_are_not_the_modules_are_refused(bench, refused, tmp_path):
    path = NETS["many"].traced(tmp_path / "m.pt")
    note = bench.inspect(path, "torchscript", inputs={"left": TWO["left"]})
    assert refused(note, "invalid_model").field == "inputs"
    note = bench.inspect(path, "torchscript", inputs={"left": {"dtype": "float32"}})
    assert refused(note, "invalid_options").field == "inputs.left.shape"


def test_a_traced_branch_is_caught(bench, refused, tmp_path):
    """Source: a scripted branch. Result: what a trace of it makes, which knows one way only."""
    torch.manual_seed(3)
    module = Branch().eval()
    path, traced = tmp_path / "m.pt", tmp_path / "t.pt"
    torch.jit.save(torch.jit.script(module), path)
    torch.jit.save(torch.jit.trace(module, torch.randn(2, 4), check_trace=False), traced)
    produced, output = bench.convert("torchscript-to-onnx", traced)
    assert produced.kind == "produced"
    note = bench.verify((path, "torchscript"), (output, "onnx"))
    fault = refused(note, "accuracy_mismatch")
    assert "output" in fault.detail
    assert not note.report["verified"]


def test_a_scripted_branch_is_kept(bench, tmp_path):
    path = tmp_path / "m.pt"
    torch.manual_seed(3)
    torch.jit.save(torch.jit.script(Branch().eval()), path)
    carried = bench.carry("torchscript-to-onnx", path)
    assert carried.report["outputs"][0]["max_rel"] < 1e-5


def test_an_operator_without_translation_is_named(bench, refused, tmp_path):
    class Bessel(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.line = torch.nn.Linear(3, 3)

        def forward(self, x):
            return torch.special.bessel_j0(self.line(x))

    path = tmp_path / "m.pt"
    torch.jit.save(torch.jit.trace(Bessel(), torch.randn(2, 3)), path)
    note, _ = bench.convert("torchscript-to-onnx", path)
    assert "bessel_j0" in refused(note, "unsupported_operator").operator


def test_a_damaged_file_is_refused(bench, refused, tmp_path):
    path = NETS["cnn"].traced(tmp_path / "m.pt")
    path.write_bytes(path.read_bytes()[:-200])
    assert "torch.jit.save" in refused(bench.inspect(path, "torchscript"), "invalid_model").detail
