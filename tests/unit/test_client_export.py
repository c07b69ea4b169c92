"""Live objects: what is written down computes what the object computes."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelferry import errors, export


def test_an_onnx_model_is_written_as_it_is(tmp_path: Path) -> None:
    import onnx

    model = _onnx()
    path = export.written(model, tmp_path)
    assert path.name == "a_graph.onnx"
    assert onnx.load(path) == model


def test_an_onnx_model_beyond_two_gib_is_a_zip_with_external_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnx

    model = _onnx()
    monkeypatch.setattr(export, "LARGEST_PROTO", 1000)
    path = export.written(model, tmp_path)
    assert path.suffix == ".zip"
    (weights,) = model.graph.initializer
    assert weights.data_location == onnx.TensorProto.DEFAULT, "the caller's object lost them"
    assert onnx.numpy_helper.to_array(weights).sum() == 64 * 64
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(unpacked)
    assert sorted(each.name for each in unpacked.iterdir()) == ["model.data", "model.onnx"]
    assert onnx.load(unpacked / "model.onnx") == model


def test_a_module_is_exported_with_a_free_batch(tmp_path: Path) -> None:
    import torch

    module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Dropout()).train()
    path = export.written(module, tmp_path, example_inputs=torch.zeros(1, 4))
    assert path.name == "Sequential.pt2"
    assert module.training, "the caller's module was left in another mode"
    program = torch.export.load(path).module()
    module.eval()
    for batch in (1, 2, 7):
        given = torch.randn(batch, 4)
        torch.testing.assert_close(program(given), module(given))


def test_named_inputs_are_named_in_the_program(tmp_path: Path) -> None:
    import torch

    class Sum(torch.nn.Module):
        def forward(self, left: Any, *, right: Any) -> Any:
            return left + right

    inputs = {"left": torch.zeros(2, 3), "right": torch.zeros(2, 3)}
    path = export.written(Sum(), tmp_path, example_inputs=inputs)
    program = torch.export.load(path).module()
    assert program(left=torch.ones(5, 3), right=torch.ones(5, 3)).sum() == 30


def test_shapes_can_be_fixed(tmp_path: Path) -> None:
    import torch

    path = export.written(
        torch.nn.Linear(4, 3), tmp_path, example_inputs=(torch.zeros(2, 4),), dynamic_shapes=None
    )
    with pytest.raises(Exception, match=r"\[0\] == 2"):
        torch.export.load(path).module()(torch.zeros(3, 4))


def test_a_module_that_branches_on_data_says_what_to_do(tmp_path: Path) -> None:
    import torch

    class Branch(torch.nn.Module):
        def forward(self, given: Any) -> Any:
            return given if given.sum() > 0 else -given

    with pytest.raises(errors.ExportFailed, match=r"torch\.cond"):
        export.written(Branch(), tmp_path, example_inputs=torch.zeros(2, 3))


def test_a_module_needs_inputs(tmp_path: Path) -> None:
    import torch

    with pytest.raises(errors.Misuse, match="example_inputs"):
        export.written(torch.nn.Linear(2, 2), tmp_path)


def test_a_keras_model_is_saved_whole(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)], name="small")
    path = export.written(model, tmp_path)
    assert path.name == "small.keras"
    given = np.ones((2, 4), "float32")
    np.testing.assert_allclose(keras.saving.load_model(path)(given), model(given))


def test_anything_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.Misuse, match="A dict cannot be sent"):
        export.written({}, tmp_path)


def test_samples_may_have_any_name(tmp_path: Path) -> None:
    samples = {"file": [[1.0, 2.0]], "allow_pickle": np.zeros((1, 2), "int64")}
    with np.load(export.saved_samples(samples, tmp_path)) as read:
        assert sorted(read.files) == ["allow_pickle", "file"]
        assert read["allow_pickle"].dtype == np.int64


def test_samples_are_arrays(tmp_path: Path) -> None:
    with pytest.raises(errors.Misuse, match="'x' is no array"):
        export.saved_samples({"x": [object()]}, tmp_path)


def _onnx() -> Any:
    import onnx
    from onnx import helper, numpy_helper

    weights = numpy_helper.from_array(np.ones((64, 64), "float32"), "w")
    shape = ["n", 64]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "a graph",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, shape)],
        [weights],
    )
    return helper.make_model(graph)
