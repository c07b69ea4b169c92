"""Where both files can be run, the run decides which layer is which, in jobs as between live
models."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import torch

from bench.pairs.own.disguised import (
    coupling_keras,
    coupling_torch,
    swapped_keras,
    swapped_torch,
)
from bench.pairs.weights import fill_keras, fill_torch
from shared.domain.orders import ProducedNote, RefusedNote
from workers.transplant.running_files import File, by_running_files
from workers.weights.opening import open_weights

PAIRS = {"swapped": (swapped_keras, swapped_torch), "coupling": (coupling_keras, coupling_torch)}


@pytest.fixture(scope="module", params=list(PAIRS))
def files(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, np.ndarray]:
    model, module = (make() for make in PAIRS[request.param])
    module.eval()
    fill_keras(model, 1)
    fill_torch(module, 2)
    rows = np.random.default_rng(3).normal(size=(4, *model.input_shape[1:])).astype(np.float32)
    folder = tmp_path_factory.mktemp(request.param)
    model.save(folder / "m.keras")
    batch = {0: torch.export.Dim("batch")}
    program = torch.export.export(module, (torch.from_numpy(rows),), dynamic_shapes=(batch,))
    torch.export.save(program, folder / "t.pt2")
    return folder / "m.keras", folder / "t.pt2", rows


def of_keras(path: Path, rows: np.ndarray) -> np.ndarray:
    return np.asarray(keras.saving.load_model(path).predict(rows, verbose=0))


def of_torch(path: Path, rows: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return torch.export.load(path).module()(torch.from_numpy(rows)).numpy()


@pytest.mark.parametrize("to", ["pt2", "keras"])
def test_equal_layers_go_where_both_files_compute_the_same(
    to: str, files: tuple[Path, Path, np.ndarray], bench: Any, tmp_path: Path
) -> None:
    archive, program, rows = files
    source, template = (archive, program) if to == "pt2" else (program, archive)
    edge = "keras-into-pt2" if to == "pt2" else "pt2-into-keras"
    note, made = bench.convert(edge, source, into=template, template=to)
    assert isinstance(note, ProducedNote), note
    assert note.report["mapping"]["complete"]
    result = tmp_path / f"made.{to}"
    made.rename(result)
    if to == "pt2":
        expected, told = of_keras(archive, rows), of_torch(result, rows)
    else:
        expected, told = of_torch(program, rows), of_keras(result, rows)
    assert np.abs(expected).max() > 0.01
    assert np.allclose(told, expected, atol=1e-5, rtol=1e-4)


BY_NAME = r"""
mapping: 1
from: tensorflow
to: pytorch
rules:
  - {source: '(.+)/kernel', target: '\1.weight', transpose: [1, 0]}
  - {source: '(.+)/bias', target: '\1.bias'}
"""


def test_a_mapping_of_the_users_own_is_followed_and_not_put_right(
    bench: Any, tmp_path: Path
) -> None:
    model, module = swapped_keras(), swapped_torch().eval()
    fill_keras(model, 1)
    model.save(tmp_path / "m.keras")
    torch.export.save(torch.export.export(module, (torch.zeros(3, 32),)), tmp_path / "t.pt2")
    note, made = bench.convert(
        "keras-into-pt2",
        tmp_path / "m.keras",
        into=tmp_path / "t.pt2",
        template="pt2",
        mapping=BY_NAME,
    )
    assert isinstance(note, ProducedNote), note
    made.rename(tmp_path / "made.pt2")
    held = torch.export.load(tmp_path / "made.pt2").state_dict
    kernel = model.get_layer("first").kernel.numpy()
    assert np.array_equal(held["first.weight"].detach().numpy(), kernel.T)


def test_models_that_never_agree_are_left_to_names_and_to_the_verification(
    bench: Any, tmp_path: Path
) -> None:
    model = swapped_keras()
    fill_keras(model, 1)
    model.save(tmp_path / "m.keras")
    other = torch.nn.Sequential(
        torch.nn.Linear(32, 32), torch.nn.GELU(), torch.nn.Linear(32, 32), torch.nn.Linear(32, 4)
    ).eval()
    program = torch.export.export(other, (torch.zeros(3, 32),))
    torch.export.save(program, tmp_path / "t.pt2")
    with (
        open_weights(tmp_path / "m.keras", "keras") as weights,
        open_weights(tmp_path / "t.pt2", "pt2") as into,
    ):
        here = File(tmp_path / "m.keras", "keras", weights)
        assert by_running_files(here, File(tmp_path / "t.pt2", "pt2", into)) is None
    note, _ = bench.convert(
        "keras-into-pt2", tmp_path / "m.keras", into=tmp_path / "t.pt2", template="pt2"
    )
    assert isinstance(note, ProducedNote), note


def test_a_model_that_cannot_be_run_here_is_said_to_be_so(bench: Any, tmp_path: Path) -> None:
    class TwoWays(torch.nn.Module):
        """Takes by name what Keras gives by place."""

        def __init__(self) -> None:
            super().__init__()
            self.out = torch.nn.Linear(6, 2)

        def forward(self, *, x: torch.Tensor) -> torch.Tensor:
            return self.out(x)

    entry = keras.Input((6,), name="x")
    model = keras.Model(entry, keras.layers.Dense(2, name="out")(entry))
    fill_keras(model, 1)
    model.save(tmp_path / "m.keras")
    program = torch.export.export(TwoWays().eval(), (), {"x": torch.zeros(3, 6)})
    torch.export.save(program, tmp_path / "t.pt2")
    note, _ = bench.convert(
        "keras-into-pt2", tmp_path / "m.keras", into=tmp_path / "t.pt2", template="pt2"
    )
    assert not isinstance(note, RefusedNote), note
    assert "were not run here" in str(note.report["mapping"])
