"""What is particular to SavedModels: signatures, the second route, what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.domain.errors import InvalidModel, InvalidOptions, UnsupportedOperator
from tests.support.benches import converted
from tests.support.keras_zoo import answers, cnn, inputs, randomised
from workers.converters import savedmodel_to_onnx, savedmodel_to_onnx_lite
from workers.runtimes.onnx import OnnxRuntime
from workers.runtimes.savedmodel import SavedModelRuntime

tf: Any = pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    model = randomised(cnn())
    folder = tmp_path_factory.mktemp("exported") / "model"
    model.export(folder, verbose=False)
    return model, folder


@pytest.fixture(scope="module")
def ambiguous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two signatures, none of them the default; one indexes a table."""

    class Two(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            table = np.random.default_rng(1).normal(size=(17, 3))
            self.table = tf.Variable(table, dtype=tf.float32)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name="ids")])
        def look_up(self, ids: Any) -> Any:
            return {"rows": tf.gather(self.table, tf.cast(ids, tf.int64))}

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
        def double(self, x: Any) -> Any:
            return {"twice": x * 2.0}

    module = Two()
    folder = tmp_path_factory.mktemp("ambiguous") / "model"
    signatures = {"look_up": module.look_up, "double": module.double}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return folder


def test_second_route_says_the_same(exported: tuple[Any, Path], tmp_path: Path) -> None:
    model, folder = exported
    result, _ = converted(savedmodel_to_onnx_lite.convert, folder, tmp_path)
    with OnnxRuntime().open(result, {}) as session:
        assert [each.shape for each in session.signature.inputs] == [("batch", 12, 12, 3)]
        for batch in (1, 2, 5):
            arrays = inputs(model, batch, 4)
            said = session({session.signature.inputs[0].name: arrays[0]})
            np.testing.assert_allclose(
                next(iter(said.values())), answers(model, arrays)[0], atol=1e-5
            )


def test_folder_within_the_archive(exported: tuple[Any, Path], tmp_path: Path) -> None:
    _, folder = exported
    result, _ = converted(savedmodel_to_onnx.convert, folder.parent, tmp_path)
    assert OnnxRuntime().inspect(result, {}).opset == 18


def test_inspect_loads_nothing(exported: tuple[Any, Path]) -> None:
    model, folder = exported
    found = SavedModelRuntime().inspect(folder, {})
    assert found.parameters == model.count_params()
    assert found.operators["Conv2D"] == 2
    assert found.signature.inputs[0].shape == ("batch", 12, 12, 3)


def test_signature_must_be_chosen(ambiguous: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidOptions, match="'double', 'look_up'") as caught:
        converted(savedmodel_to_onnx.convert, ambiguous, tmp_path)
    assert caught.value.fault.field == "signature"
    with pytest.raises(InvalidOptions, match="no signature 'other'"):
        converted(savedmodel_to_onnx.convert, ambiguous, tmp_path, signature="other")


def test_chosen_signature(ambiguous: Path, tmp_path: Path) -> None:
    runtime = SavedModelRuntime()
    place = runtime.choose(ambiguous, {"signature": "look_up"})
    found = runtime.inspect(place, {}).signature
    assert [(each.name, each.upper) for each in found.inputs] == [("ids", 17)]
    result, _ = converted(savedmodel_to_onnx.convert, place, tmp_path, signature="look_up")
    ids = np.array([0, 16, 3], np.int32)
    with runtime.open(place, {}) as source, OnnxRuntime().open(result, {}) as target:
        np.testing.assert_array_equal(source({"ids": ids})["rows"], target({"ids": ids})["rows"])


def test_untranslatable_operator_is_named(tmp_path: Path) -> None:
    module = tf.Module()
    module.invert = tf.function(
        tf.linalg.inv, input_signature=[tf.TensorSpec([None, 3, 3], tf.float32, name="x")]
    )
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.invert)
    with pytest.raises(UnsupportedOperator) as caught:
        converted(savedmodel_to_onnx.convert, tmp_path / "model", tmp_path / "work")
    assert caught.value.fault.operator == "MatrixInverse"
    assert caught.value.fault.node


def test_fixed_batch(exported: tuple[Any, Path], tmp_path: Path) -> None:
    _, folder = exported
    result, _ = converted(savedmodel_to_onnx.convert, folder, tmp_path, dynamic=False, opset=14)
    found = OnnxRuntime().inspect(result, {})
    assert found.opset == 14
    assert found.signature.inputs[0].shape == (1, 12, 12, 3)
    assert found.signature.outputs[0].shape == (1, 10)


@pytest.mark.parametrize("content", [b"", b"\x08\x01\x12\xff\xff\xff\x07cut"])
def test_damaged(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(content)
    with pytest.raises(InvalidModel):
        SavedModelRuntime().inspect(tmp_path, {})
    with pytest.raises(InvalidModel):
        converted(savedmodel_to_onnx.convert, tmp_path, tmp_path / "work")


def test_no_saved_model(tmp_path: Path) -> None:
    with pytest.raises(InvalidModel, match=r"saved_model\.pb"):
        SavedModelRuntime().inspect(tmp_path, {})
