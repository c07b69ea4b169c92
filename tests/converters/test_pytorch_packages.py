"""Source packages, weights alone, and TorchScript, through the fleet's own steps."""

import json
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from shared.domain.orders import ProducedNote
from tests.converters.torch_nets import BATCH, NETS

HEAD = "import torch\nfrom torch import nn\n\n"
GOOD = (
    HEAD + "def build():\n    return nn.Linear(4, 3)\n\n"
    "def example_inputs():\n    return (torch.randn(2, 4),)\n"
)


def packed(path: Path, code: str, folder: str = "", **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{folder}model.py", code)
        archive.writestr(f"{folder}weights.safetensors", b"\x02\0\0\0\0\0\0\0{}")
        for name, text in files.items():
            archive.writestr(f"{folder}{name.replace('_json', '.json')}", text)
    return path


@pytest.mark.parametrize("name", ["cnn", "encoder", "many", "half"])
def test_a_program_becomes_source_and_a_program_again(bench, tmp_path, name):
    net = NETS[name]
    made = bench.carry("pt2-to-pytorch", net.pt2(tmp_path / "m.pt2"))
    assert max(each["max_rel"] for each in made.report["outputs"]) < 1e-5
    assert {next(iter(case["shapes"].values()))[0] for case in made.report["cases"]} == {1, 2, 5}
    with zipfile.ZipFile(made.output) as archive:
        files = set(archive.namelist())
    assert files == {"README.md", "model.py", "signature.json", "weights.safetensors"}
    again = bench.carry("pytorch-to-pt2", made.output)
    assert [each["name"] for each in again.inspection["signature"]["inputs"]] == list(net.inputs)
    assert again.inspection["parameters"] == made.inspection["parameters"]


def test_the_report_says_how_it_was_written(bench, tmp_path):
    note, _ = bench.convert("pt2-to-pytorch", NETS["words"].pt2(tmp_path / "m.pt2"))
    assert note.report["style"] == "modules"
    assert note.report["raw_operators"] == []


def test_a_package_needs_no_signature_and_may_lie_in_a_folder(bench, tmp_path):
    path = packed(tmp_path / "p.zip", GOOD, folder="net/")
    report = bench.inspect(path, "pytorch").report
    assert report["signature"]["inputs"][0]["name"] == "input"
    assert report["signature"]["inputs"][0]["shape"] == ["batch", 4]
    assert report["signature"]["outputs"][0]["name"] == "output"
    assert report["signature"]["outputs"][0]["shape"] == ["batch", 3]
    assert report["parameters"] == 15


def test_what_it_prints_is_no_progress(bench, tmp_path, capfd):
    path = packed(tmp_path / "p.zip", "print('x' * 10_000_000)\n" + GOOD)
    assert isinstance(bench.inspect(path, "pytorch"), ProducedNote)
    assert len(capfd.readouterr().out) < 10_000


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise ValueError('no luck')\n", "line 1): ValueError: no luck"),
        ("def build(:\n", "line 1): SyntaxError"),
        ("import sys\nsys.exit(3)\n", "line 2): SystemExit"),
        ("import nowhere_to_be_found\n", "ModuleNotFoundError"),
        (HEAD, "defines no build()"),
        (GOOD.replace("nn.Linear(4, 3)", "7"), "gives a int, not an nn.Module"),
        (GOOD.replace("nn.Linear(4, 3)", "nn.Linear(4)"), "build() in model.py raises (line"),
        (GOOD.replace("(torch.randn(2, 4),)", "[1]"), "no tuple of tensors"),
        (GOOD.replace("2, 4", "2, 5"), "forward() in model.py raises"),
    ],
)
def test_bad_code_is_said_with_its_line(bench, refused, tmp_path, code, words):
    fault = refused(bench.inspect(packed(tmp_path / "p.zip", code), "pytorch"), "invalid_model")
    assert words in fault.detail


def test_a_broken_signature_is_said(bench, refused, tmp_path):
    path = packed(tmp_path / "p.zip", GOOD, signature_json='{"inputs": 3}')
    fault = refused(bench.inspect(path, "pytorch"), "invalid_model")
    assert "signature.json is not as it should be" in fault.detail
    none = json.dumps({"inputs": [], "outputs": []})
    path = packed(tmp_path / "q.zip", GOOD, signature_json=none)
    fault = refused(bench.inspect(path, "pytorch"), "invalid_model")
    assert "lists 0 inputs" in fault.detail


def test_code_that_branches_on_data_cannot_be_exported(bench, refused, tmp_path):
    code = GOOD.replace(
        "def build():\n    return nn.Linear(4, 3)",
        "class Net(nn.Module):\n    def forward(self, x):\n"
        "        return x if x.sum() > 0 else -x\n\ndef build():\n    return Net()",
    )
    note, _ = bench.convert("pytorch-to-pt2", packed(tmp_path / "p.zip", code))
    assert "torch.cond" in refused(note, "conversion_failed").detail


class Shared(torch.nn.Module):
    """Two names for one tensor, and a constant."""

    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(9, 4)
        self.head = torch.nn.Linear(4, 9, bias=False)
        self.head.weight = self.words.weight
        self.table = torch.arange(4.0)

    def forward(self, ids):
        return self.head(self.words(ids) + self.table)


def test_weights_alone_are_every_tensor_bit_for_bit(bench, tmp_path):
    path = tmp_path / "m.pt2"
    program = torch.export.export(
        Shared(), (torch.ones(2, 3, dtype=torch.int64),), dynamic_shapes=({0: BATCH},)
    )
    torch.export.save(program, path)
    note, output = bench.convert("pt2-to-safetensors", path)
    assert note.report["compared"] == "every tensor, bit for bit"
    tensors = load_file(output)
    assert torch.equal(tensors["head.weight"], tensors["words.weight"])
    assert torch.equal(tensors["table"], torch.arange(4.0))
    assert note.report["tensors"] == len(tensors) == 3


def test_a_program_without_weights_has_none_to_write(bench, refused, tmp_path):
    class Empty(torch.nn.Module):
        def forward(self, x):
            return x + x

    torch.export.save(torch.export.export(Empty(), (torch.ones(2),)), tmp_path / "m.pt2")
    note, _ = bench.convert("pt2-to-safetensors", tmp_path / "m.pt2")
    assert "no tensor" in refused(note, "conversion_failed").detail


@pytest.mark.parametrize(
    ("name", "kind"), [("residual", "traced"), ("words", "scripted"), ("many", "traced")]
)
def test_torchscript_becomes_a_program(bench, tmp_path, name, kind):
    path = getattr(NETS[name], kind)(tmp_path / "m.pt")
    carried = bench.carry("torchscript-to-pt2", path)
    assert max(each["max_rel"] for each in carried.report["outputs"]) < 1e-5
    assert {next(iter(case["shapes"].values()))[0] for case in carried.report["cases"]} == {
        1,
        2,
        5,
    }


def test_torchscript_that_cannot_be_read_names_what_it_has(bench, refused, tmp_path):
    path = NETS["encoder"].scripted(tmp_path / "m.pt")
    fault = refused(bench.convert("torchscript-to-pt2", path)[0], "unsupported_operator")
    assert fault.operator.startswith("prim::")
