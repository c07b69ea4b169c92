"""TorchScript to ONNX: the numbers are the only oracle."""

import pytest

from tests.converters.torch_nets import NETS


@pytest.mark.parametrize("how", ["traced", "scripted"])
@pytest.mark.parametrize("name", ["cnn", "residual", "words", "many", "upscale"])
def test_it_computes_what_the_module_computes(bench, tmp_path, name, how):
    net = NETS[name]
    path = getattr(net, how)(tmp_path / "m.pt")
    specs = None
    if name == "many":
        specs = {
            "left": {"shape": ["batch", 4], "dtype": "float32"},
            "right": {"shape": ["batch", 3], "dtype": "float32"},
        }
    carried = bench.carry("torchscript-to-onnx", path, **({"inputs": specs} if specs else {}))
    assert {next(iter(case["shapes"].values()))[0] for case in carried.report["cases"]} >= {
        1,
        2,
        5,
    }
    assert max(each["max_rel"] for each in carried.report["outputs"]) < 1e-5
    assert carried.report["matched_by"] == "inputs by name, outputs by name"
