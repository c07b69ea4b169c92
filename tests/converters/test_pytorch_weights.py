"""Source packages as people have them: weights of every kind, several files, a batch of one."""

import json
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from shared.domain.orders import AgreedNote, ProducedNote

LAYERS = (
    "import torch\nfrom torch import nn\n\n"
    "class Net(nn.Module):\n"
    "    def __init__(self):\n"
    "        super().__init__()\n"
    "        self.first, self.last = nn.Linear(4, 8), nn.Linear(8, 3)\n\n"
    "    def forward(self, x):\n"
    "        return self.last(torch.tanh(self.first(x)))\n"
)
INPUTS = "\n\ndef example_inputs():\n    return torch.randn(1, 4)\n"
BARE = LAYERS + "\n\ndef build():\n    return Net()\n" + INPUTS
TAKEN = (
    LAYERS
    + "\n\ndef build(weights):\n"
    + "    net = Net()\n    net.load_state_dict(weights)\n    return net\n"
    + INPUTS
)
SHARDS = {"a.safetensors": ("first.",), "b.safetensors": ("last.",)}


def weights() -> dict[str, torch.Tensor]:
    rng = torch.Generator().manual_seed(7)
    shapes = {"first.weight": (8, 4), "first.bias": (8,), "last.weight": (3, 8), "last.bias": (3,)}
    return {name: torch.randn(*shape, generator=rng) for name, shape in shapes.items()}


def expected(x: np.ndarray) -> np.ndarray:
    w = {name: each.numpy() for name, each in weights().items()}
    hidden = np.tanh(x @ w["first.weight"].T + w["first.bias"])
    return hidden @ w["last.weight"].T + w["last.bias"]


def folder_with(tmp_path: Path, code: str, kind: str, **more: str) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "model.py").write_text(code)
    for name, text in more.items():
        (folder / f"{name}.py").write_text(text)
    tensors = weights()
    if kind == "safetensors":
        save_file(tensors, folder / "anything.safetensors")
    elif kind == "sharded":
        placed = {}
        for file, prefixes in SHARDS.items():
            part = {name: each for name, each in tensors.items() if name.startswith(prefixes)}
            save_file(part, folder / file)
            placed |= dict.fromkeys(part, file)
        index = {"metadata": {}, "weight_map": placed}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    elif kind == "checkpoint":
        held = {"epoch": 3, "state_dict": {f"module.{k}": v for k, v in tensors.items()}}
        torch.save(held, folder / "last.ckpt")
    elif kind != "none":
        torch.save(tensors, folder / f"weights.{kind}")
    return folder


def zipped(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(folder.iterdir()):
            archive.write(each, each.name)
    return path


def proven(bench, path):
    """The program that it becomes, held to numpy and to the package, batches open."""
    note, output = bench.convert("pytorch-to-pt2", path)
    assert isinstance(note, ProducedNote), note
    program = torch.export.load(output).module()
    x = np.random.default_rng(3).normal(size=(5, 4)).astype("float32")
    given = program(torch.from_numpy(x)).detach().numpy()
    assert np.abs(given - expected(x)).max() < 1e-5
    agreed = bench.verify((path, "pytorch"), (output, "pt2"))
    assert isinstance(agreed, AgreedNote), agreed
    return note.report


@pytest.mark.parametrize("kind", ["safetensors", "sharded", "pth", "bin", "checkpoint"])
def test_a_module_without_weights_gets_those_of_its_names(bench, tmp_path, kind):
    report = proven(bench, zipped(folder_with(tmp_path, BARE, kind)))
    assert report["weights"]


@pytest.mark.parametrize("kind", ["sharded", "checkpoint"])
def test_build_may_take_the_weights(bench, tmp_path, kind):
    proven(bench, zipped(folder_with(tmp_path, TAKEN, kind)))


def test_build_may_do_everything_itself_with_names_of_its_own(bench, tmp_path):
    code = TAKEN.replace(
        "def build(weights):\n",
        "def build():\n    from pathlib import Path\n"
        "    held = torch.load(Path(__file__).with_name('weights.pt'))\n"
        "    weights = {k.replace('old_', ''): v for k, v in held.items()}\n",
    )
    folder = folder_with(tmp_path, code, "none")
    torch.save({f"old_{name}": each for name, each in weights().items()}, folder / "weights.pt")
    assert proven(bench, zipped(folder))["weights"] is None


@pytest.mark.parametrize("line", ["from layers import Net", "from .layers import Net"])
def test_several_files_and_a_tar(bench, tmp_path, line):
    code = f"{line}\n\ndef build():\n    return Net()\n" + "\nimport torch\n" + INPUTS
    folder = folder_with(tmp_path, code, "pt", layers=LAYERS)
    path = tmp_path / "p.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, "package")
    proven(bench, path)


def test_a_batch_that_cannot_vary_stays_the_example_s(bench, tmp_path):
    code = BARE.replace("randn(1, 4)", "randn(2, 4)").replace(
        "self.first(x)", "self.first(x.reshape(2, 4))"
    )
    path = zipped(folder_with(tmp_path, code, "pt"))
    assert bench.inspect(path, "pytorch").report["signature"]["inputs"][0]["shape"] == [2, 4]
    assert isinstance(bench.carry("pytorch-to-pt2", path).report, dict)


def test_a_batch_that_the_exporter_fixes_is_told(bench, refused, tmp_path):
    code = BARE.replace("randn(1, 4)", "randn(2, 4)").replace(
        "self.first(x)", "self.first(torch.stack([row for row in x]))"
    )
    path = zipped(folder_with(tmp_path, code, "pt"))
    fault = refused(bench.convert("pytorch-to-pt2", path)[0], "conversion_failed")
    assert "dynamic=false" in fault.detail
    assert bench.carry("pytorch-to-pt2", path, dynamic=False).report["verified"]


class Trap:
    def __reduce__(self):
        return (open, ("/dev/null",))


def test_a_pickle_is_refused_before_any_code_runs(bench, refused, tmp_path):
    mark = tmp_path / "mark"
    folder = folder_with(tmp_path, f"open({str(mark)!r}, 'w').close()\n" + BARE, "none")
    torch.save({"net": Trap()}, folder / "weights.pt")
    fault = refused(bench.inspect(zipped(folder), "pytorch"), "pickled_module")
    assert "torch.save(model.state_dict()" in fault.detail
    assert fault.node == "weights.pt"
    (folder / "weights.pt").write_bytes(pickle.dumps(Trap()))
    refused(bench.inspect(zipped(folder), "pytorch"), "pickled_module")
    assert not mark.exists()


def test_shards_that_are_missing_or_cut_are_named(bench, refused, tmp_path):
    folder = folder_with(tmp_path, BARE, "sharded")
    whole = (folder / "b.safetensors").read_bytes()
    (folder / "b.safetensors").write_bytes(whole[:-3])
    fault = refused(bench.inspect(zipped(folder), "pytorch"), "truncated_file")
    assert fault.node == "b.safetensors"
    (folder / "b.safetensors").unlink()
    fault = refused(bench.inspect(zipped(folder), "pytorch"), "invalid_model")
    assert "b.safetensors" in fault.detail


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (BARE.replace("nn.Linear(8, 3)", "nn.Linear(8, 2)"), "another shape: last.bias"),
        (BARE.replace("self.last", "self.head"), "missing: head.bias"),
        (TAKEN.replace("(weights)", "(size, weights)", 1), "takes size, weights"),
        (TAKEN.replace("weights)\n    return", "[])\n    return"), "(line 15): TypeError"),
        (BARE.replace("torch.randn(1, 4)", "{'x': 1}"), "no tuple of tensors"),
        (BARE.replace("torch.randn(1, 4)", "()"), "no tuple of tensors"),
    ],
)
def test_weights_that_do_not_fit_are_named(bench, refused, tmp_path, code, words):
    path = zipped(folder_with(tmp_path, code, "pt"))
    fault = refused(bench.inspect(path, "pytorch"), "invalid_model")
    assert words in fault.detail


def test_a_fault_in_another_file_is_told_with_its_name(bench, refused, tmp_path):
    folder = folder_with(tmp_path, "import layers\n" + BARE, "pt", layers="x = 1\ny = x.z\n")
    fault = refused(bench.inspect(zipped(folder), "pytorch"), "invalid_model")
    assert "(layers.py line 2): AttributeError" in fault.detail


def test_weights_that_are_wanted_and_not_there(bench, refused, tmp_path):
    path = zipped(folder_with(tmp_path, TAKEN, "none"))
    fault = refused(bench.inspect(path, "pytorch"), "invalid_model")
    assert "the package holds none" in fault.detail


def quantised(tensor: torch.Tensor) -> torch.Tensor:
    """By channels where it has some, else as a whole; to an eighth of what a byte could tell."""
    if tensor.ndim == 1:
        return torch.quantize_per_tensor(tensor, 0.1, 3, torch.quint8)
    scales, zeros = torch.linspace(0.05, 0.1, len(tensor)), torch.zeros(len(tensor))
    return torch.quantize_per_channel(tensor, scales, zeros.long(), 0, torch.qint8)


@pytest.mark.parametrize("zips", [True, False])
def test_quantised_tensors_are_the_numbers_that_they_stand_for(bench, tmp_path, zips):
    folder = folder_with(tmp_path, BARE, "none")
    held = {name: quantised(each) for name, each in weights().items()}
    torch.save(held, folder / "net.pt", _use_new_zipfile_serialization=zips)
    note, output = bench.convert("pytorch-to-pt2", zipped(folder))
    assert isinstance(note, ProducedNote), note
    assert note.report["weights"] == "net.pt"
    made = torch.export.load(output).state_dict
    assert made.keys() == held.keys()
    for name, each in held.items():
        assert torch.equal(made[name], each.dequantize())
        assert not torch.equal(made[name], weights()[name])


def test_a_quantised_state_dict_alone_is_told_from_code(bench, refused, tmp_path):
    path = tmp_path / "net.pt"
    torch.save({"first.weight": quantised(weights()["first.weight"])}, path)
    fault = refused(bench.inspect(path, "state-dict"), "invalid_model")
    assert fault.node == "first.weight"
    assert "quantised" in fault.detail
    assert ".dequantize()" in fault.detail


def test_a_module_that_computes_with_quantised_tensors_is_told(bench, refused, tmp_path):
    packed = "torch.ao.quantization.quantize_dynamic(Net(), {nn.Linear})"
    code = BARE.replace("return Net()", f"return {packed}")
    folder = folder_with(tmp_path, code, "pt")
    fault = refused(bench.convert("pytorch-to-pt2", zipped(folder))[0], "conversion_failed")
    assert fault.node == "first._packed_params._packed_params"
    assert "quantised" in fault.detail
    assert ".dequantize()" in fault.detail
