"""Keras files that cannot be converted: refused with a sentence that helps."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.domain.errors import InvalidModel, UnsupportedOperator
from shared.domain.plans import TOLERANCES
from tests.support.benches import converted
from tests.support.keras_zoo import (
    cnn,
    embedding,
    embedding_of_floats,
    normalization,
    randomised,
    separable,
)
from workers.converters import keras_h5_to_onnx, keras_to_onnx
from workers.runtimes.keras import KerasRuntime
from workers.runtimes.keras_h5 import KerasH5Runtime
from workers.runtimes.onnx import OnnxRuntime
from workers.verification.verify import Side, verify

keras: Any = pytest.importorskip("keras")


def refused(path: Path, tmp_path: Path) -> str:
    """Inspection and conversion say the same; what they say."""
    h5 = path.suffix == ".h5"
    runtime = KerasH5Runtime() if h5 else KerasRuntime()
    with pytest.raises(InvalidModel) as inspected:
        runtime.inspect(path, {})
    with pytest.raises(InvalidModel):
        converted((keras_h5_to_onnx if h5 else keras_to_onnx).convert, path, tmp_path / "work")
    return str(inspected.value)


def edited(path: Path, **changes: Any) -> Path:
    """The archive with members replaced: `config` is given the parsed one to change."""
    target = path.with_name("edited.keras")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name in changes:
                content = changes[name](content)
            new.writestr(name, content)
    return target


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "model.keras"
    cnn().save(path)
    return path


def test_lambda_is_never_loaded(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2)])
    for name in ("model.keras", "model.h5"):
        model.save(tmp_path / name)
        assert "Lambda" in refused(tmp_path / name, tmp_path)


def test_custom_class_is_named(tmp_path: Path) -> None:
    class Mystery(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x * 2

    keras.Sequential([keras.Input((3,)), Mystery()]).save(tmp_path / "model.keras")
    assert "'Mystery'" in refused(tmp_path / "model.keras", tmp_path)


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_truncated_archive(archive: Path, part: float, tmp_path: Path) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * part)])
    assert "damaged" in refused(archive, tmp_path)


def test_truncated_weights_within(archive: Path, tmp_path: Path) -> None:
    path = edited(archive, **{"model.weights.h5": lambda content: content[: len(content) // 2]})
    refused(path, tmp_path)


def test_flipped_bits(archive: Path, tmp_path: Path) -> None:
    content = bytearray(archive.read_bytes())
    middle = content.find(b"HDF") + 3000
    content[middle] ^= 0xFF
    archive.write_bytes(content)
    assert "checksum" in refused(archive, tmp_path)


def test_config_that_is_none(archive: Path, tmp_path: Path) -> None:
    refused(edited(archive, **{"config.json": lambda _: b"{"}), tmp_path)
    refused(edited(archive, **{"config.json": lambda _: json.dumps([1]).encode()}), tmp_path)


def test_weights_without_a_model(tmp_path: Path) -> None:
    model = cnn()
    model.save_weights(tmp_path / "model.weights.h5")
    (tmp_path / "model.weights.h5").rename(tmp_path / "weights.h5")
    assert "weights" in refused(tmp_path / "weights.h5", tmp_path)


def test_layer_of_keras_2(tmp_path: Path) -> None:
    """Keras 2 wrote `groups` into depthwise convolutions, which Keras 3 refuses."""
    import h5py

    path = tmp_path / "model.h5"
    separable().save(path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "DepthwiseConv2D":
                layer["config"]["groups"] = 1
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.12.0"
    assert "TF_USE_LEGACY_KERAS" in refused(path, tmp_path)


def test_model_that_was_never_built(tmp_path: Path) -> None:
    keras.Sequential([keras.layers.Dense(2)]).save(tmp_path / "model.keras")
    assert "keras.Input" in refused(tmp_path / "model.keras", tmp_path)


def test_untranslatable_operator_is_named(tmp_path: Path) -> None:
    start = keras.Input((4,), dtype="int64")
    hashed = keras.layers.Hashing(num_bins=3)(start)
    keras.Model(start, hashed).save(tmp_path / "model.keras")
    with pytest.raises(UnsupportedOperator) as caught:
        converted(keras_to_onnx.convert, tmp_path / "model.keras", tmp_path / "work")
    assert caught.value.fault.operator in {"AsString", "StringToHashBucketFast"}
    assert caught.value.fault.node


@pytest.mark.parametrize("opset", [13, 15, 18])
def test_opset(archive: Path, opset: int, tmp_path: Path) -> None:
    import onnx

    result, _ = converted(keras_to_onnx.convert, archive, tmp_path, opset=opset, dynamic=False)
    model = onnx.load(result)
    assert next(each.version for each in model.opset_import if not each.domain) == opset
    dims = model.graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_value for dim in dims] == [1, 12, 12, 3]


@pytest.mark.parametrize(("build", "upper"), [(embedding, 23), (embedding_of_floats, 11)])
def test_inspection_bounds_embeddings(build: Any, upper: int, tmp_path: Path) -> None:
    model = build()
    model.save(tmp_path / "model.keras")
    found = KerasRuntime().inspect(tmp_path / "model.keras", {})
    assert [each.upper for each in found.signature.inputs] == [upper]
    assert found.parameters == model.count_params()
    assert found.operators["Embedding"] == 1


def test_embedding_of_floats_is_verified(tmp_path: Path) -> None:
    """Whole numbers below the bound are drawn for it, though its input is declared as floats."""
    path = tmp_path / "model.keras"
    randomised(embedding_of_floats()).save(path)
    result, _ = converted(keras_to_onnx.convert, path, tmp_path / "work")
    note = verify(
        Side(KerasRuntime(), path),
        Side(OnnxRuntime(), result),
        given={},
        samples=None,
        dynamic=True,
        tolerances=TOLERANCES,
        seed=0,
        say=lambda _message, _progress: None,
    )
    assert note.kind == "agreed"
    assert note.report["skipped"] == []


def test_constants_stay_inside(tmp_path: Path) -> None:
    import onnx

    normalization().save(tmp_path / "model.keras")
    result, _ = converted(keras_to_onnx.convert, tmp_path / "model.keras", tmp_path / "work")
    assert [each.name for each in onnx.load(result).graph.input] == ["measures"]


def test_a_file_may_be_called_anything(archive: Path, tmp_path: Path) -> None:
    other = archive.rename(tmp_path / "source.bin")
    with KerasRuntime().open(other, {}) as session:
        said = session({"picture": np.zeros((1, 12, 12, 3), np.float32)})
    assert list(said) == ["digit"]
