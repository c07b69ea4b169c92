"""Weights put from one live model into another, and what is said where they do not go."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import torch
from keras import layers
from torch import nn

from bench.pairs.own.attending import encoder_keras, encoder_torch
from bench.pairs.own.pictures import vgg_keras, vgg_torch
from bench.pairs.own.plain import mlp_keras, mlp_torch
from bench.pairs.own.recurrent import lstm_keras, lstm_torch
from bench.pairs.weights import fill_keras, fill_torch
from shared.domain.errors import (
    AccuracyMismatch,
    InvalidMapping,
    InvalidModel,
    InvalidOptions,
    StepRefused,
    UnmappedWeights,
)
from workers.transplant import transplant

RANDOM = np.random.default_rng(3)
ROWS = RANDOM.normal(size=(3, 16)).astype(np.float32)
TEXT = RANDOM.normal(size=(3, 9, 16)).astype(np.float32)


def made(make_keras: Any, make_torch: Any) -> tuple[Any, Any]:
    model, module = make_keras(), make_torch().eval()
    fill_keras(model, 1)
    fill_torch(module, 2)
    return model, module


def test_both_ways_and_a_table() -> None:
    model, module = made(mlp_keras, mlp_torch)
    there = transplant(model, module, example=ROWS)
    assert there.error is not None
    assert there.error < 1e-5
    assert not there.unmapped
    assert len(there.moves) == 8
    said = str(there)
    assert "2.weight" in said
    assert "IO → OI" in said
    fill_torch(module, 4)
    back = transplant(module, model, example=ROWS)
    assert back.error is not None
    assert back.error < 1e-5
    with torch.no_grad():
        expected = module(torch.from_numpy(ROWS)).numpy()
    np.testing.assert_allclose(model.predict(ROWS, verbose=0), expected, atol=1e-5)


def test_a_dry_run_changes_nothing() -> None:
    model, module = made(mlp_keras, mlp_torch)
    before = {name: each.clone() for name, each in module.state_dict().items()}
    plan = transplant(model, module, dry_run=True)
    assert len(plan.moves) == 8
    assert all(torch.equal(before[name], each) for name, each in module.state_dict().items())


def test_pictures_are_turned_for_torch() -> None:
    model, module = made(vgg_keras, vgg_torch)
    pictures = RANDOM.normal(size=(2, 32, 32, 3)).astype(np.float32)
    found = transplant(model, module, example=pictures)
    assert found.error is not None
    assert found.error < 1e-5


class TestWhereTheyPart:
    def test_a_wrong_transpose_of_a_square_kernel(self) -> None:
        model, module = made(mlp_keras, mlp_torch)
        text = transplant(model, module, dry_run=True).mapping_file
        right = f"{model.layers[1].kernel.path}\n    transpose: [1, 0]\n"
        assert right in text
        wrong = text.replace(right, right.splitlines()[0] + "\n")
        with pytest.raises(AccuracyMismatch) as caught:
            transplant(model, module, mapping=wrong, example=ROWS)
        assert caught.value.fault.node == model.layers[1].path
        assert caught.value.fault.operator == "Dense"
        assert "'2.weight' is made by 'as it is'" in caught.value.fault.detail
        assert "'IO → OI'" in caught.value.fault.detail

    def test_a_swapped_gate_order(self) -> None:
        model, module = made(lstm_keras, lstm_torch)
        text = transplant(model, module, dry_run=True).mapping_file
        right = "recurrent_kernel\n    transpose: [1, 0]\n"
        assert right in text
        wrong = text.replace(right, f"{right}    gates: {{axis: 0, order: [0, 2, 1, 3]}}\n")
        with pytest.raises(AccuracyMismatch) as caught:
            transplant(model, module, mapping=wrong, example=TEXT)
        assert caught.value.fault.node == model.layers[0].path
        assert caught.value.fault.operator == "LSTM"
        assert "'rnn.weight_hh_l0' is made by" in caught.value.fault.detail
        assert "weight_ih" not in caught.value.fault.detail

    def test_another_epsilon(self) -> None:
        model, module = made(encoder_keras, encoder_torch)
        module.transformer.layers[1].norm1.eps = 1e-2
        example = RANDOM.normal(size=(2, 10, 32)).astype(np.float32)
        with pytest.raises(AccuracyMismatch) as caught:
            transplant(model, module, example=example)
        third = [each for each in model.layers if isinstance(each, layers.LayerNormalization)][2]
        assert caught.value.fault.node == third.path
        assert "epsilon is 1e-05 in the source, and eps is 0.01" in caught.value.fault.detail

    def test_another_stride(self) -> None:
        images = keras.Input((8, 8, 3))
        model = keras.Model(
            images, layers.GlobalAveragePooling2D()(layers.Conv2D(4, 1, strides=2)(images))
        )
        fill_keras(model, 1)
        module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        example = RANDOM.normal(size=(2, 8, 8, 3)).astype(np.float32)
        with pytest.raises(AccuracyMismatch) as caught:
            transplant(model, module, example=example)
        assert caught.value.fault.node == model.layers[1].path
        assert "strides is (2, 2) in the source, and stride is (1, 1)" in caught.value.fault.detail

    def test_something_without_weights_between_two_layers(self) -> None:
        model, module = made(mlp_keras, mlp_torch)
        module[3] = nn.GELU()
        with pytest.raises(AccuracyMismatch) as caught:
            transplant(module, model, example=ROWS)
        assert caught.value.fault.node in {"2", "4"}
        assert "before it" in caught.value.fault.detail


class TestSources:
    @pytest.fixture
    def pair(self) -> tuple[Any, Any]:
        return made(mlp_keras, mlp_torch)

    @pytest.mark.parametrize("kind", ["keras", "h5", "weights", "checkpoint", "dict"])
    def test_of_keras(self, pair: tuple[Any, Any], tmp_path: Path, kind: str) -> None:
        model, module = pair
        transplant(_source_of_keras(model, tmp_path, kind), module)
        with torch.no_grad():
            found = module(torch.from_numpy(ROWS)).numpy()
        np.testing.assert_allclose(found, model.predict(ROWS, verbose=0), atol=1e-5)

    @pytest.mark.parametrize("kind", ["state", "arrays", "file"])
    def test_of_torch(self, pair: tuple[Any, Any], tmp_path: Path, kind: str) -> None:
        model, module = pair
        state = module.state_dict()
        source: Any = state
        if kind == "arrays":
            source = {name: each.numpy() for name, each in state.items()}
        if kind == "file":
            source = tmp_path / "weights.pt"
            torch.save(state, source)
        transplant(source, model)
        with torch.no_grad():
            expected = module(torch.from_numpy(ROWS)).numpy()
        np.testing.assert_allclose(model.predict(ROWS, verbose=0), expected, atol=1e-5)


def _source_of_keras(model: Any, folder: Path, kind: str) -> Any:
    import tensorflow as tf

    path = folder / {"keras": "model.keras", "h5": "model.h5"}.get(kind, "model.weights.h5")
    match kind:
        case "weights":
            model.save_weights(path)
        case "checkpoint":
            return tf.train.Checkpoint(model=model).write(str(folder / "checkpoint"))
        case "dict":
            return {each.path: each.numpy() for each in model.weights}
        case _:
            model.save(path)
    return str(path)


class TestRefused:
    def test_another_architecture_and_the_target_is_as_it_was(self) -> None:
        model, _ = made(mlp_keras, mlp_torch)
        other = nn.Sequential(nn.Linear(16, 32), nn.Linear(32, 9))
        before = other[0].weight.clone()
        plan = transplant(model, other, dry_run=True)
        assert plan.unmapped
        with pytest.raises(UnmappedWeights, match="Not every variable"):
            transplant(model, other)
        assert torch.equal(before, other[0].weight)

    def test_a_mapping_that_names_nothing(self) -> None:
        model, module = made(mlp_keras, mlp_torch)
        text = transplant(model, module, dry_run=True).mapping_file
        with pytest.raises(InvalidMapping):
            transplant(model, module, mapping=text.replace("target: 2.bias", "target: 9.bias"))

    def test_a_model_without_variables_yet(self) -> None:
        with pytest.raises(InvalidModel, match="call it once"):
            transplant(mlp_torch(), keras.Sequential([layers.Dense(3)]))

    @pytest.mark.parametrize("source", [7, "missing.pt", {"a": "text"}, [np.ones(3)]])
    def test_what_is_no_source(self, source: Any) -> None:
        with pytest.raises(InvalidModel):
            transplant(source, mlp_torch())

    def test_a_target_that_is_no_model(self) -> None:
        with pytest.raises(InvalidOptions, match="neither"):
            transplant(mlp_keras(), {"a": np.ones(3)})

    def test_an_example_that_does_not_fit(self) -> None:
        model, module = made(mlp_keras, mlp_torch)
        wrong = {"keras": [ROWS], "pytorch": [ROWS[:, :7]]}
        with pytest.raises(InvalidOptions, match="does not take the example"):
            transplant(model, module, example=wrong)

    def test_an_example_of_one_side(self) -> None:
        model, module = made(mlp_keras, mlp_torch)
        with pytest.raises(InvalidOptions, match="by side"):
            transplant(model, module, example={"keras": [ROWS]})

    def test_an_example_for_weights_alone(self) -> None:
        model, module = made(mlp_keras, mlp_torch)
        with pytest.raises(InvalidOptions, match="two live models"):
            transplant(module.state_dict(), model, example=ROWS)

    def test_a_value_that_the_target_cannot_hold(self) -> None:
        model, module = made(mlp_keras, mlp_torch)
        model.layers[0].bias.assign(np.full(32, 1e6, np.float32))
        with pytest.raises(StepRefused, match="float16"):
            transplant(model, module.half())


def test_what_a_reader_left_out_is_told(tmp_path):
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
    path = tmp_path / "checkpoint.pt"
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1).state_dict()
    torch.save({"model_state_dict": net.state_dict(), "optimizer_state_dict": optimizer}, path)
    other = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
    done = transplant(str(path), other)
    assert torch.equal(other[1].weight, net[1].weight)
    assert any("optimizer" in each for each in done.told["notes"])
