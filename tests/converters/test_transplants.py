"""Transplants: one network, written independently in both frameworks, by every store of each."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from shared.domain.archives import pack
from shared.domain.orders import ProducedNote, RefusedNote
from workers.runtimes import RUNTIMES

IMAGES = np.random.default_rng(1).normal(size=(3, 12, 12, 3)).astype(np.float32)
FIRST_FRAMEWORK = ("keras", "keras-h5", "savedmodel", "tf-checkpoint", "keras-weights")
SECOND_FRAMEWORK = ("pt2", "torchscript", "state-dict", "safetensors")


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.c1 = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.bn1 = torch.nn.BatchNorm2d(8, eps=1e-3)
        self.c2 = torch.nn.Conv2d(8, 16, 3, padding=1)
        self.fc = torch.nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.max_pool2d(self.bn1(torch.relu(self.c1(x))), 2)
        return self.fc(torch.relu(self.c2(x)).mean((2, 3)))


def keras_net() -> Any:
    import keras

    net = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="stem"),
            keras.layers.BatchNormalization(name="stem_bn"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu", name="body"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(10, name="head"),
        ]
    )
    drawn = np.random.default_rng(2)
    net.set_weights([drawn.uniform(0.3, 1.0, each.shape) for each in net.get_weights()])
    return net


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both networks in each format: those of a framework hold equal weights."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("nets")
    names = {"keras": "k.keras", "keras-h5": "k.h5", "keras-weights": "k.weights.h5"}
    found = {each: folder / name for each, name in names.items()}
    net = keras_net()
    net.save(found["keras"])
    net.save(found["keras-h5"])
    net.save_weights(found["keras-weights"])
    net.export(folder / "saved", verbose=False)
    variables = {each.path: tf.Variable(each) for each in net.weights}
    tf.train.Checkpoint(**variables).write(str(folder / "checkpoint" / "model.ckpt"))
    for each, name in (("savedmodel", "saved"), ("tf-checkpoint", "checkpoint")):
        found[each] = folder / f"{name}.zip"
        pack(folder / name, found[each])
    torch.manual_seed(3)
    module = Net().eval()
    module.bn1.running_mean.uniform_(-1, 1)
    module.bn1.running_var.uniform_(0.3, 1)
    found |= {each: folder / f"n.{each}" for each in SECOND_FRAMEWORK}
    torch.save(module.state_dict(), found["state-dict"])
    save_file({k: v.numpy() for k, v in module.state_dict().items()}, found["safetensors"])
    torch.jit.save(torch.jit.script(module), found["torchscript"])
    batch = {0: torch.export.Dim("batch")}
    example = torch.from_numpy(IMAGES.transpose(0, 3, 1, 2).copy())
    program = torch.export.export(module, (example,), dynamic_shapes=(batch,))
    torch.export.save(program, found["pt2"])
    return found


def outputs(format: str, path: Path, folder: Path) -> np.ndarray:
    """What a model makes of the images. Weights alone are put into their network first."""
    if format in {"state-dict", "safetensors"}:
        from safetensors.torch import load_file

        net = Net().eval()
        net.load_state_dict(load_file(path) if format == "safetensors" else torch.load(path))
        return net(torch.from_numpy(IMAGES.transpose(0, 3, 1, 2))).detach().numpy()
    if format == "keras-weights":
        net = keras_net()
        net.load_weights(path)
        return net(IMAGES).numpy()
    runtime = RUNTIMES[format]
    folder.mkdir()
    with runtime.open(runtime.prepare(path, folder / "tree"), {}) as session:
        (port,) = session.signature.inputs
        first = port.shape is not None and port.shape[1] == 3
        return next(
            iter(session({port.name: IMAGES.transpose(0, 3, 1, 2) if first else IMAGES}).values())
        )


def pairs() -> Iterator[tuple[str, str]]:
    """Each format of one framework as a source, and as a template of the other."""
    yield from ((each, "pt2") for each in FIRST_FRAMEWORK)
    yield from ((each, "keras") for each in SECOND_FRAMEWORK)
    yield from (("keras", each) for each in ("torchscript", "state-dict", "safetensors"))
    yield from (("pt2", each) for each in ("keras-h5", "savedmodel"))
    yield from (("state-dict", "pt2"), ("keras-weights", "savedmodel"), ("keras", "keras"))


@pytest.mark.parametrize(("source", "target"), list(pairs()))
def test_the_template_computes_what_the_source_does(
    source: str, target: str, files: dict[str, Path], bench: Any, tmp_path: Path
) -> None:
    note, made = bench.convert(
        f"{source}-into-{target}", files[source], into=files[target], template=target
    )
    assert isinstance(note, ProducedNote), note
    assert note.report["mapping"]["complete"]
    assert note.report["variables"] == 10
    file = tmp_path / f"made.{target}"
    made.rename(file)
    runs = "keras" if source in FIRST_FRAMEWORK else "pt2"
    before = outputs(runs, files[runs], tmp_path / "before")
    after = outputs(target, file, tmp_path / "after")
    assert np.abs(before).max() > 0.01
    assert np.allclose(after, before, atol=1e-5, rtol=1e-4)


def test_a_reports_mapping_file_leads_to_the_same_weights(
    files: dict[str, Path], bench: Any
) -> None:
    first, made = bench.convert(
        "keras-into-pt2", files["keras"], into=files["pt2"], template="pt2"
    )
    again, same = bench.convert(
        "keras-into-pt2",
        files["keras"],
        into=files["pt2"],
        template="pt2",
        mapping=first.report["mapping_file"],
    )
    assert isinstance(again, ProducedNote), again
    assert {
        each["confidence"] for each in again.report["mapping"]["target"] if "from" in each
    } == {1.0}
    with zipfile.ZipFile(made) as one, zipfile.ZipFile(same) as other:
        names = [each for each in one.namelist() if "weights/" in each]
        assert names
        assert all(one.read(each) == other.read(each) for each in names)


def test_another_architecture_is_told_on_both_sides(
    files: dict[str, Path], bench: Any, tmp_path: Path
) -> None:
    other = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.ReLU(), torch.nn.Linear(7, 2))
    template = tmp_path / "other.pt"
    torch.save(other.state_dict(), template)
    note, _ = bench.convert(
        "keras-into-state-dict", files["keras"], into=template, template="state-dict"
    )
    assert isinstance(note, RefusedNote)
    assert note.fault.code == "unmapped_weights"
    assert "stem" in note.fault.detail
    assert "0.weight" in note.fault.detail
    assert {each["name"] for each in note.report["mapping"]["target"]} == set(other.state_dict())
    assert "rules:" in note.report["mapping_file"]


def test_weights_alone_keep_their_frameworks_names(files: dict[str, Path], bench: Any) -> None:
    from safetensors.numpy import load_file

    note, made = bench.convert("state-dict-weights-to-safetensors", files["state-dict"])
    assert isinstance(note, ProducedNote), note
    kept = torch.load(files["state-dict"])
    found = load_file(made)
    assert set(found) == set(kept)
    assert all(np.array_equal(found[name], kept[name].numpy()) for name in kept)


def test_the_other_frameworks_names_want_a_mapping(files: dict[str, Path], bench: Any) -> None:
    note, _ = bench.convert("keras-weights-weights-to-safetensors", files["keras-weights"])
    assert isinstance(note, RefusedNote)
    assert note.fault.code == "unmapped_weights"
    assert "mapping" in note.fault.detail
