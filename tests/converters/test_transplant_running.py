"""Where both models can be run, the run decides which layer is which, whatever their names say."""

from typing import Any

import keras
import numpy as np
import pytest
import torch
from keras import layers
from torch import nn

from bench.pairs.own.disguised import swapped_keras, swapped_torch
from bench.pairs.weights import fill_keras, fill_torch
from shared.domain.errors import AmbiguousMapping, FerryError
from workers.transplant import transplant

ROWS = np.random.default_rng(3).normal(size=(4, 32)).astype(np.float32)


def apart(model: Any, module: Any, given: Any, taken: Any) -> float:
    with torch.no_grad():
        told = module(torch.from_numpy(taken)).numpy()
    expected = model.predict(given, verbose=0)
    return float(np.abs(told - expected).max() / np.abs(expected).max())


def test_names_in_swapped_roles_are_put_right_without_an_example() -> None:
    model, module = swapped_keras(), swapped_torch().eval()
    fill_keras(model, 1)
    done = transplant(model, module)
    assert done.error is not None
    assert done.error < 1e-5
    assert apart(model, module, ROWS, ROWS) < 1e-5
    assert np.array_equal(module.second.weight.detach(), model.get_layer("first").kernel.numpy().T)
    told = {each.target: (each.confidence, each.because) for each in done.moves}
    assert told["second.weight"][0] == 0.99
    assert told["second.weight"][1].startswith("a run of both")
    assert told["out.weight"][0] == 1.0


def test_a_dry_run_tells_what_a_run_decides_and_changes_nothing() -> None:
    model, module = swapped_keras(), swapped_torch().eval()
    fill_keras(model, 1)
    before = {name: each.clone() for name, each in module.state_dict().items()}
    plan = transplant(model, module, dry_run=True)
    made = {each["name"]: each["from"] for each in plan.told["target"]}
    assert made["second.weight"] == ["first/kernel"]
    assert all(torch.equal(before[name], each) for name, each in module.state_dict().items())


class Reader(keras.Model):  # type: ignore[misc] # keras is not typed here
    """Keras has no graph of it, so nobody says how high and wide the flat maps were."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.flat = layers.Conv2D(4, 3, activation="relu"), layers.Flatten()
        self.dense, self.top = layers.Dense(7, activation="relu"), layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.top(self.dense(self.flat(self.conv(x))))


def reader_torch() -> Any:
    return nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(128, 7), nn.ReLU(), nn.Linear(7, 2),
    )  # fmt: skip


@pytest.mark.parametrize("way", ["to torch", "to keras"])
def test_the_order_of_flat_maps_is_read_off_a_run(way: str) -> None:
    model, module = Reader(), reader_torch().eval()
    pictures = np.random.default_rng(1).normal(size=(2, 10, 6, 2)).astype(np.float32)
    model(pictures)
    fill_keras(model, 1)
    fill_torch(module, 2)
    done = transplant(module, model) if way == "to keras" else transplant(model, module)
    assert done.error is not None
    assert (
        apart(model, module, pictures, np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))) < 1e-5
    )


def test_what_computes_something_else_is_asked_about_and_the_target_stays() -> None:
    model, module = swapped_keras(), nn.Sequential(
        nn.Linear(32, 32), nn.Softplus(), nn.Linear(32, 32), nn.Linear(32, 4)
    )  # fmt: skip
    fill_keras(model, 1)
    before = {name: each.clone() for name, each in module.state_dict().items()}
    with pytest.raises(FerryError) as caught:
        transplant(model, module)
    assert isinstance(caught.value, AmbiguousMapping)
    assert "outputs differ by" in str(caught.value)
    assert all(torch.equal(before[name], each) for name, each in module.state_dict().items())
