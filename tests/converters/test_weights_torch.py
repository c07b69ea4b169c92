"""Weights of PyTorch: what torch saved is read, and what is written torch loads, bit for bit."""

import json
import zipfile
from collections import OrderedDict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import nn

from shared.domain.errors import InvalidModel, PickledModule, StepRefused
from shared.domain.recognition import recognise
from workers.torch_files.arrays import from_torch, numpy_name
from workers.weights.opening import open_weights
from workers.weights.templates import fill_template
from workers.weights.variables import Variable
from workers.weights.writing import write_weights

KINDS = ("float32", "float64", "float16", "bfloat16", "int64", "uint8", "bool", "complex64")
NARROW = ("float8_e4m3fn", "float8_e5m2", "uint16")


class Net(nn.Module):
    """Convolution, norm, two tied linears, and a buffer that is not saved."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.first = nn.Linear(4, 4, bias=False)
        self.second = nn.Linear(4, 4, bias=False)
        self.second.weight = self.first.weight
        self.scale = torch.full((4,), 0.5)
        self.register_buffer("mask", torch.ones(4), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = self.norm(self.conv(x)).mean((2, 3))
        return self.second(self.first(pooled)) * self.scale * self.mask


def net(seed: int) -> Net:
    torch.manual_seed(seed)
    made = Net().eval()
    with torch.no_grad():
        for each in (*made.parameters(), made.norm.running_mean, made.norm.running_var):
            each.copy_(torch.rand_like(each) + 0.1)
    return made


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One module in every format that torch has."""
    folder = tmp_path_factory.mktemp("saved")
    module, x = net(0), torch.rand(2, 3, 8, 8)
    paths = {
        "state-dict": folder / "w.pt",
        "legacy": folder / "old.pt",
        "torchscript": folder / "traced.pt",
        "scripted": folder / "scripted.pt",
        "pt2": folder / "m.pt2",
        "safetensors": folder / "w.safetensors",
    }
    torch.save(module.state_dict(), paths["state-dict"])
    torch.save(module.state_dict(), paths["legacy"], _use_new_zipfile_serialization=False)
    torch.jit.trace(module, x).save(str(paths["torchscript"]))
    torch.jit.script(module).save(str(paths["scripted"]))
    torch.export.save(torch.export.export(module, (x,)), paths["pt2"])
    save_file({k: v.clone() for k, v in module.state_dict().items()}, paths["safetensors"])
    return paths


def same(array: NDArray[Any], tensor: torch.Tensor) -> bool:
    plain = tensor.detach().contiguous()
    return (
        array.shape == tuple(plain.shape)
        and array.dtype.name == numpy_name(plain.dtype)
        and array.tobytes() == plain.flatten().view(torch.uint8).numpy().tobytes()
    )


def kind(key: str) -> str:
    return {"legacy": "state-dict", "scripted": "torchscript"}.get(key, key)


@pytest.mark.parametrize(
    "key", ["state-dict", "legacy", "torchscript", "scripted", "pt2", "safetensors"]
)
def test_every_reader_gives_the_modules_own_tensors(saved: dict[str, Path], key: str) -> None:
    wanted = net(0).state_dict()
    with open_weights(saved[key], kind(key)) as weights:
        found = {name: weights.read(name) for name in weights.variables if name != "mask"}
        assert set(found) == set(wanted)
        assert all(same(found[name], tensor) for name, tensor in wanted.items())
        assert all(found[k].shape == v.shape for k, v in weights.variables.items() if k in found)
        tied = {} if key == "safetensors" else {"second.weight": "first.weight"}
        assert weights.ties == tied
        if key not in {"safetensors", "state-dict", "legacy"}:
            kinds = {scope: layer.kind for scope, layer in weights.layers.items()}
            assert (kinds["conv"], kinds["norm"]) == ("Conv2d", "BatchNorm2d")
        if key == "pt2":
            assert weights.layers["norm"].settings["eps"] == pytest.approx(1e-5)
            assert any("mask" in note for note in weights.notes)


def test_modules_come_in_the_order_of_the_model(saved: dict[str, Path]) -> None:
    for key in ("state-dict", "pt2", "torchscript"):
        with open_weights(saved[key], key) as weights:
            names = [name for name in weights.variables if name != "mask"]
            assert names == list(net(0).state_dict())


def test_a_program_has_them_in_the_order_in_which_they_are_used(tmp_path: Path) -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Linear(3, 3)
            self.norm = nn.BatchNorm1d(3)
            self.first = nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(self.norm(self.first(x)))

    path = tmp_path / "m.pt2"
    torch.export.save(torch.export.export(Backwards().eval(), (torch.rand(2, 3),)), path)
    with open_weights(path, "pt2") as weights:
        scopes = [each.scope for each in weights.variables.values()]
    assert list(dict.fromkeys(scopes)) == ["first", "norm", "last"]


def every_type(*names: str) -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    made = {}
    for name in names:
        made[f"of.{name}"] = (torch.rand(5, 3) * 9).to(getattr(torch, name))
    made["scalar"], made["empty"] = torch.tensor(2.5), torch.empty(0, 3)
    made["view"] = torch.rand(4, 6).T
    return made


@pytest.mark.parametrize("format", ["state-dict", "safetensors"])
def test_every_type_goes_both_ways(tmp_path: Path, format: str) -> None:
    tensors = every_type(*KINDS, *NARROW)
    path, again = tmp_path / "x", tmp_path / "y"
    if format == "state-dict":
        torch.save(tensors, path)
    else:
        save_file({k: v.contiguous() for k, v in tensors.items()}, path)
    with open_weights(path, format) as weights:
        assert set(weights.variables) == set(tensors)
        with write_weights(again, format, weights.variables) as sink:
            for name in reversed(list(weights.variables)):
                array = weights.read(name)
                assert same(array, tensors[name])
                sink.write(name, array)
    with again.open("rb") as file:
        assert recognise(file, said=None, name=path.name).format.name == format
    loaded = torch.load(again, weights_only=True) if format == "state-dict" else load_file(again)
    assert set(loaded) == set(tensors)
    assert all(same(from_any(loaded[k]), v) for k, v in tensors.items())
    if format == "state-dict":
        mapped = torch.load(again, weights_only=True, mmap=True)
        assert all(same(from_any(mapped[k]), v) for k, v in tensors.items())


def from_any(tensor: torch.Tensor) -> NDArray[Any]:
    if numpy_name(tensor.dtype).startswith("float8"):
        from workers.weights.dtypes import numpy_dtype

        raw: NDArray[Any] = tensor.contiguous().view(torch.uint8).numpy()
        narrow: NDArray[Any] = raw.view(numpy_dtype(numpy_name(tensor.dtype)))
        return narrow
    return from_torch(tensor)


def test_ties_are_kept_in_a_state_dict(tmp_path: Path, saved: dict[str, Path]) -> None:
    with (
        open_weights(saved["pt2"], "pt2") as weights,
        write_weights(tmp_path / "w.pt", "state-dict", weights.variables, weights.ties) as sink,
    ):
        for name in weights.variables:
            sink.write(name, weights.read(name))
    loaded = torch.load(tmp_path / "w.pt", weights_only=True)
    first, second = loaded["first.weight"], loaded["second.weight"]
    assert first.data_ptr() == second.data_ptr()
    assert net(1).load_state_dict(loaded)


def test_a_tie_takes_one_value(tmp_path: Path, saved: dict[str, Path]) -> None:
    with fill_template(saved["state-dict"], "state-dict", tmp_path / "w.pt") as sink:
        sink.write("second.weight", np.ones((4, 4), np.float32))
        with pytest.raises(StepRefused, match=r"'second\.weight' and 'first\.weight' are one"):
            sink.write("first.weight", np.zeros((4, 4), np.float32))


@pytest.mark.parametrize(
    "key", ["state-dict", "legacy", "torchscript", "scripted", "pt2", "safetensors"]
)
def test_a_filled_template_computes_what_the_other_module_does(
    tmp_path: Path, saved: dict[str, Path], key: str
) -> None:
    other, x, target = net(7), torch.rand(2, 3, 8, 8), tmp_path / saved[key].name
    with fill_template(saved[key], kind(key), target) as sink:
        for name, tensor in other.state_dict().items():
            if name != "norm.num_batches_tracked":
                sink.write(name, tensor.numpy())
    with torch.no_grad():
        wanted, untouched = other(x), net(0)(x)
        given = run(target, kind(key), x)
    assert torch.equal(given, wanted)
    assert not torch.allclose(given, untouched, rtol=1e-2)
    assert saved[key].read_bytes() != target.read_bytes()
    if zipfile.is_zipfile(target):
        with zipfile.ZipFile(target) as archive:
            assert archive.testzip() is None


def run(path: Path, format: str, x: torch.Tensor) -> Any:
    if format == "pt2":
        return torch.export.load(path).module()(x)
    if format == "torchscript":
        return torch.jit.load(path)(x)
    module = net(1)
    if format == "safetensors":
        module.load_state_dict(load_file(path))
    else:
        module.load_state_dict(torch.load(path, weights_only=True))
    return module(x)


def test_a_tensor_that_was_saved_as_a_view_is_written_as_one(tmp_path: Path) -> None:
    torch.save({"w": torch.rand(3, 5).T, "b": torch.rand(4)}, tmp_path / "a.pt")
    value = np.arange(15, dtype=np.float64).reshape(5, 3)
    with fill_template(tmp_path / "a.pt", "state-dict", tmp_path / "b.pt") as sink:
        sink.write("w", value)
    loaded = torch.load(tmp_path / "b.pt", weights_only=True)
    assert np.array_equal(loaded["w"].numpy(), value.astype(np.float32))
    assert torch.equal(loaded["b"], torch.load(tmp_path / "a.pt")["b"])


def test_what_a_training_script_saved_is_unwrapped_and_told(tmp_path: Path) -> None:
    module = net(0)
    optimizer = torch.optim.Adam(module.parameters())
    module(torch.rand(1, 3, 8, 8)).sum().backward()
    optimizer.step()
    checkpoint = {
        "epoch": 3,
        "state_dict": OrderedDict((f"module.{k}", v) for k, v in module.state_dict().items()),
        "optimizer": optimizer.state_dict(),
        "best": 0.5,
    }
    for legacy in (False, True):
        torch.save(checkpoint, tmp_path / "c.pt", _use_new_zipfile_serialization=not legacy)
        with open_weights(tmp_path / "c.pt", "state-dict") as weights:
            assert list(weights.variables) == [f"module.{k}" for k in module.state_dict()]
            assert same(weights.read("module.conv.weight"), module.conv.weight)
            assert "'state_dict'" in weights.notes[0]
            assert "optimizer" in weights.notes[0]


def test_a_pickled_module_is_refused(tmp_path: Path) -> None:
    for legacy in (False, True):
        torch.save(nn.Linear(2, 2), tmp_path / "m.pt", _use_new_zipfile_serialization=not legacy)
        with (
            pytest.raises(PickledModule, match=r"torch\.nn"),
            open_weights(tmp_path / "m.pt", "state-dict"),
        ):
            pass


def test_a_file_that_is_cut_short_is_refused(saved: dict[str, Path], tmp_path: Path) -> None:
    for key, path in saved.items():
        short = tmp_path / path.name
        short.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(InvalidModel, match=r"[Ss]ave|again"), open_weights(short, kind(key)):
            pass


def test_tensors_that_share_bytes_in_a_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({name: torch.ones(4) for name in ("first", "other", "third")}, path)
    length = int.from_bytes(path.read_bytes()[:8], "little")
    lie = path.read_bytes().replace(b"[16,32]", b"[ 8,24]")
    assert len(lie) == 8 + length + 48
    path.write_bytes(lie)
    with (
        pytest.raises(InvalidModel, match=r"'first' and 'other' .*overlap"),
        open_weights(path, "safetensors"),
    ):
        pass


def sharded(folder: Path) -> Path:
    folder.mkdir()
    tensors = net(0).state_dict()
    halves = {"a.safetensors": list(tensors)[:4], "b.safetensors": list(tensors)[4:]}
    for file, names in halves.items():
        save_file({k: tensors[k].clone() for k in names}, folder / file)
    weight_map = {name: file for file, names in halves.items() for name in names}
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def test_shards_are_one_store_and_a_template(tmp_path: Path) -> None:
    folder, other = sharded(tmp_path / "s"), net(7).state_dict()
    with open_weights(folder, "safetensors") as weights:
        assert all(same(weights.read(k), v) for k, v in net(0).state_dict().items())
    with fill_template(folder, "safetensors", tmp_path / "filled") as sink:
        for name, tensor in other.items():
            sink.write(name, tensor.numpy())
    loaded = load_file(tmp_path / "filled/a.safetensors")
    loaded |= load_file(tmp_path / "filled/b.safetensors")
    assert all(torch.equal(loaded[name], tensor) for name, tensor in other.items())


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("absent", r"names the file 'b\.safetensors', which is not there"),
        ("elsewhere", r"tensor 'conv\.weight' is in 'b\.safetensors', where it is not"),
        ("nowhere", r"tensor 'ghost' is in 'b\.safetensors', where it is not"),
        ("twice", r"Both a\.safetensors and b\.safetensors hold a tensor 'conv\.weight'"),
        ("outside", r"names the file '\.\./b\.safetensors', which is not there"),
        ("no index", r"needs a weight_map"),
    ],
)
def test_shards_that_do_not_fit_are_refused(tmp_path: Path, how: str, told: str) -> None:
    folder = sharded(tmp_path / "s")
    index = folder / "model.safetensors.index.json"
    named = json.loads(index.read_text())
    match how:
        case "absent":
            (folder / "b.safetensors").unlink()
        case "elsewhere":
            named["weight_map"]["conv.weight"] = "b.safetensors"
        case "nowhere":
            named["weight_map"]["ghost"] = "b.safetensors"
        case "twice":
            both = {**load_file(folder / "b.safetensors"), "conv.weight": torch.ones(1)}
            save_file(both, folder / "b.safetensors")
        case "outside":
            (folder / "b.safetensors").rename(tmp_path / "b.safetensors")
            named["weight_map"]["conv.weight"] = "../b.safetensors"
        case _:
            del named["weight_map"]
    index.write_text(json.dumps(named))
    with pytest.raises(InvalidModel, match=told), open_weights(folder, "safetensors"):
        pass


def test_a_sink_refuses_what_does_not_fit(tmp_path: Path) -> None:
    variables = {"w": Variable("w", (2, 3), "float32"), "n": Variable("n", (1,), "int64")}
    with ExitStack() as stack:
        sink = stack.enter_context(write_weights(tmp_path / "x", "safetensors", variables))
        with pytest.raises(StepRefused, match="no variable 'v'"):
            sink.write("v", np.ones(1))
        with pytest.raises(StepRefused, match=r"shape \[2, 3\] in the target, and \[3, 2\]"):
            sink.write("w", np.ones((3, 2)))
        with pytest.raises(StepRefused, match="'n' is int64 in the target"):
            sink.write("n", np.ones(1))
        sink.write("w", np.ones((2, 3)))
        with pytest.raises(StepRefused, match="'w' was written twice"):
            sink.write("w", np.ones((2, 3)))
        with pytest.raises(StepRefused, match="'n' of the target got no value"):
            stack.close()


@pytest.mark.parametrize(
    ("format", "dtype"), [("safetensors", "complex128"), ("state-dict", "float8_e3m4")]
)
def test_a_type_that_the_target_lacks_is_refused(tmp_path: Path, format: str, dtype: str) -> None:
    variables = {"layer.weight": Variable("layer.weight", (2,), dtype)}
    with (
        pytest.raises(StepRefused, match=rf"'layer\.weight' is {dtype}, which \w+ has no type"),
        write_weights(tmp_path / "x", format, variables),
    ):
        pass
