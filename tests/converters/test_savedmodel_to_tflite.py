"""SavedModels in LiteRT say what the live models say, in every quantization."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.domain.archives import pack
from shared.domain.errors import StepRefused, UnsupportedOperator
from shared.domain.orders import ProducedNote
from tests.support.benches import converted
from tests.support.keras_zoo import ZOO, answers, inputs, randomised
from workers.converters import savedmodel_to_tflite
from workers.runtimes.tflite import TfliteRuntime
from workers.tensorflow_bridge import keras_models
from workers.tensorflow_bridge.exporting import export

tf: Any = pytest.importorskip("tensorflow")

SIZES = ((1, 4), (2, 9), (5, 6))
"""Batch and the length of every other open dimension."""

TOLERANCE = 2e-6

PLAIN = ("separable", "residual", "attention", "grouped", "normalization", "several", "transposed")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Models by name, and their SavedModels, written once."""
    made: dict[str, tuple[Any, Path]] = {}

    def get(name: str) -> tuple[Any, Path]:
        if name not in made:
            model = randomised(ZOO[name]())
            folder = tmp_path_factory.mktemp(name) / "model"
            export(keras_models.callee(model), folder)
            made[name] = model, folder
        return made[name]

    return get


def worst(model: Any, path: Path, sizes: Any = SIZES) -> float:
    """The largest difference to the live model, as a part of its largest value."""
    signature = keras_models.signature(model)
    found = 0.0
    with TfliteRuntime().open(path, {}) as session:
        for batch, length in sizes:
            arrays = inputs(model, batch, length)
            names = [each.name for each in signature.inputs]
            said = session(dict(zip(names, arrays, strict=True)))
            wanted = answers(model, arrays)
            assert set(said) == {each.name for each in signature.outputs}
            for tensor, want in zip(signature.outputs, wanted, strict=True):
                assert said[tensor.name].shape == want.shape
                scale = max(1.0, float(np.abs(want).max()))
                found = max(found, float(np.abs(said[tensor.name] - want).max()) / scale)
    return found


@pytest.mark.parametrize("name", PLAIN)
def test_float32(exported: Any, name: str, tmp_path: Path) -> None:
    model, folder = exported(name)
    result, _ = converted(savedmodel_to_tflite.convert, folder, tmp_path)
    assert worst(model, result) <= TOLERANCE


def test_names_and_open_dimensions_are_kept(exported: Any, tmp_path: Path) -> None:
    model, folder = exported("attention")
    result, _ = converted(savedmodel_to_tflite.convert, folder, tmp_path)
    found = TfliteRuntime().inspect(result, {})
    (taken,), (given,) = found.signature.inputs, found.signature.outputs
    assert (taken.name, taken.shape) == ("sequence", ("batch", "sequence_1", 16))
    assert given.name == "label"
    assert found.parameters >= model.count_params() - 20  # a few scalars may fold away
    assert TfliteRuntime().sizes(result) is None


def test_fixed_batch(exported: Any, tmp_path: Path) -> None:
    model, folder = exported("several")
    result, _ = converted(savedmodel_to_tflite.convert, folder, tmp_path, dynamic=False)
    assert TfliteRuntime().sizes(result) == ({"ape": (1, 3), "zebra": (1, 5)},)
    assert worst(model, result, [(1, 0)]) <= TOLERANCE


def wide() -> Any:
    """Weights that are many enough to be worth quantising."""
    from keras import Input, Sequential, layers

    return randomised(
        Sequential(
            [
                Input((10, 10, 8), name="picture"),
                layers.Conv2D(64, 3, activation="relu"),
                layers.DepthwiseConv2D(3, activation="relu"),
                layers.GlobalAveragePooling2D(),
                layers.Dense(256, activation="tanh"),
                layers.Dense(6, name="label"),
            ]
        )
    )


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A SavedModel as it is uploaded, and samples for it."""
    folder = tmp_path_factory.mktemp("wide")
    export(keras_models.callee(wide()), folder / "model")
    pack(folder / "model", folder / "model.zip")
    pictures = np.random.default_rng(5).standard_normal((40, 10, 10, 8)).astype(np.float32)
    np.savez(folder / "samples.npz", picture=pictures)
    return folder / "model.zip", folder / "samples.npz"


@pytest.mark.parametrize(
    ("quantization", "share"), [("none", 1.0), ("fp16", 0.6), ("dynamic", 0.45), ("int8", 0.45)]
)
def test_quantization_is_smaller_and_verified(
    bench: Any, packed: tuple[Path, Path], quantization: str, share: float
) -> None:
    source, samples = packed
    plain, _ = bench.convert("savedmodel-to-tflite", source)
    assert isinstance(plain, ProducedNote)
    carried = bench.carry("savedmodel-to-tflite", source, samples, quantization=quantization)
    assert carried.output.stat().st_size <= share * plain.report["size"]
    found = TfliteRuntime().inspect(carried.output, {}).signature
    assert [each.dtype for each in (*found.inputs, *found.outputs)] == ["float32", "float32"]
    assert carried.report["inputs"] == "samples"


def test_int8_computes_in_integers(bench: Any, packed: tuple[Path, Path]) -> None:
    source, samples = packed
    note, output = bench.convert("savedmodel-to-tflite", source, samples, quantization="int8")
    assert note.report["in_float"] == []
    assert TfliteRuntime().inspect(output, {}).operators["QUANTIZE"] == 1


def test_int8_without_samples(bench: Any, refused: Any, packed: tuple[Path, Path]) -> None:
    note, _ = bench.convert("savedmodel-to-tflite", packed[0], quantization="int8")
    refused(note, "samples_required")


def test_int8_with_samples_of_another_shape(
    bench: Any, refused: Any, packed: tuple[Path, Path], tmp_path: Path
) -> None:
    np.savez(tmp_path / "bad.npz", picture=np.zeros((4, 3), np.float32))
    note, _ = bench.convert(
        "savedmodel-to-tflite", packed[0], tmp_path / "bad.npz", quantization="int8"
    )
    assert refused(note, "bad_samples").field == "samples.picture"


def inverse(folder: Path) -> Path:
    """A model that needs an operator which TensorFlow Lite borrows."""
    module = tf.Module()
    module.invert = tf.function(
        tf.linalg.inv, input_signature=[tf.TensorSpec([None, 3, 3], tf.float32, name="x")]
    )
    tf.saved_model.save(module, str(folder), signatures=module.invert)
    return folder


def test_borrowed_operators_are_refused_by_name(tmp_path: Path) -> None:
    folder = inverse(tmp_path / "model")
    with pytest.raises(UnsupportedOperator, match="select_tf=true") as caught:
        converted(savedmodel_to_tflite.convert, folder, tmp_path / "work")
    assert caught.value.fault.operator == "MatrixInverse"


def test_borrowed_operators_that_were_asked_for_are_written(tmp_path: Path) -> None:
    folder = inverse(tmp_path / "model")
    result, _ = converted(savedmodel_to_tflite.convert, folder, tmp_path / "work", select_tf=True)
    assert "FlexMatrixInverse" in TfliteRuntime().inspect(result, {}).operators
    with pytest.raises(UnsupportedOperator) as caught, TfliteRuntime().open(result, {}):
        pass
    assert caught.value.fault.operator == "MatrixInverse"


def test_tables_of_words_are_refused(tmp_path: Path) -> None:
    class Words(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            pairs = tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2], tf.string, tf.int64)
            self.table = tf.lookup.StaticHashTable(pairs, -1)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="word")])
        def look_up(self, word: Any) -> Any:
            return {"number": self.table.lookup(word)}

    module = Words()
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.look_up)
    with pytest.raises(StepRefused) as caught:
        converted(savedmodel_to_tflite.convert, tmp_path / "model", tmp_path / "work")
    assert caught.value.fault.operator
