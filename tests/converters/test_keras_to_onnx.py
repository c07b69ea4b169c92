"""Keras models in ONNX Runtime say what the live Keras models say."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.domain.signatures import Signature
from tests.support.benches import converted
from tests.support.keras_zoo import ZOO, answers, inputs, randomised
from workers.converters import keras_h5_to_onnx, keras_to_onnx, savedmodel_to_onnx
from workers.runtimes.keras import KerasRuntime
from workers.runtimes.keras_h5 import KerasH5Runtime
from workers.runtimes.onnx import OnnxRuntime
from workers.runtimes.savedmodel import SavedModelRuntime

pytest.importorskip("tensorflow")

SIZES = ((1, 4), (2, 9), (5, 6))
"""Batch and the length of every other open dimension."""

TOLERANCE = 2e-5

OTHER_FORMS = (
    "lstm_sequential",
    "bidirectional",
    "attention",
    "grouped",
    "normalization",
    "several",
)
"""Models that go another way as a SavedModel than as an archive."""


@dataclass(frozen=True)
class Saved:
    model: Any
    path: Path


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Models by name, built and saved once."""
    made: dict[str, Saved] = {}

    def get(name: str) -> Saved:
        if name not in made:
            model = randomised(ZOO[name]())
            path = tmp_path_factory.mktemp(name) / "model.keras"
            model.save(path)
            made[name] = Saved(model, path)
        return made[name]

    return get


def agree(model: Any, path: Path, runtime: Any, names: tuple[str, ...] | None = None) -> None:
    """The file says what the live model says, at all sizes; inputs are taken in order."""
    with runtime.open(path, {}) as session:
        outputs = [each.name for each in session.signature.outputs]
        for batch, length in SIZES:
            arrays = inputs(model, batch, length)
            order = names or tuple(each.name for each in session.signature.inputs)
            said = session(dict(zip(order, arrays, strict=True)))
            expected = answers(model, arrays)
            assert list(said) == outputs
            assert len(said) == len(expected)
            for found, wanted in zip(said.values(), expected, strict=True):
                assert found.shape == wanted.shape
                scale = max(1.0, float(np.abs(wanted).max()))
                assert np.abs(found - wanted).max() <= TOLERANCE * scale


@pytest.mark.parametrize("name", ZOO)
def test_archive(zoo: Any, name: str, tmp_path: Path) -> None:
    saved = zoo(name)
    result, _ = converted(keras_to_onnx.convert, saved.path, tmp_path)
    agree(saved.model, result, OnnxRuntime())
    agree(saved.model, saved.path, KerasRuntime())
    source = KerasRuntime().inspect(saved.path, {}).signature
    found = OnnxRuntime().inspect(result, {}).signature
    assert _plain(found) == _plain(source)


@pytest.mark.parametrize("name", OTHER_FORMS)
def test_saved_model(zoo: Any, name: str, tmp_path: Path) -> None:
    saved = zoo(name)
    folder = tmp_path / "exported"
    saved.model.export(folder, verbose=False)
    names = tuple(each.name for each in saved.model.inputs)
    result, _ = converted(savedmodel_to_onnx.convert, folder, tmp_path / "work")
    agree(saved.model, result, OnnxRuntime(), names)
    agree(saved.model, folder, SavedModelRuntime(), names)
    inspection = SavedModelRuntime().inspect(folder, {})
    if name != "normalization":  # its adapted weights are constants of the graph
        assert inspection.parameters == saved.model.count_params()
    assert _plain(OnnxRuntime().inspect(result, {}).signature) == _plain(inspection.signature)


@pytest.mark.parametrize("name", ["cnn", "bidirectional", "several"])
def test_hdf5(zoo: Any, name: str, tmp_path: Path) -> None:
    model = zoo(name).model
    path = tmp_path / "model.h5"
    model.save(path)
    result, _ = converted(keras_h5_to_onnx.convert, path, tmp_path)
    agree(model, result, OnnxRuntime())
    agree(model, path, KerasH5Runtime())


def _plain(signature: Signature) -> list[tuple[str, str, tuple[Any, ...] | None]]:
    """Names, dtypes and shapes; outputs by their rank, for ONNX may know more of them."""
    return [
        *((each.name, each.dtype, each.shape) for each in signature.inputs),
        *((each.name, each.dtype, each.shape and each.shape[:1]) for each in signature.outputs),
    ]
