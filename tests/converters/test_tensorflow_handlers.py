"""What tf2onnx lacks or gets wrong, as Keras models."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.benches import converted
from tests.support.keras_zoo import answers, inputs, randomised
from workers.converters import keras_to_onnx
from workers.runtimes.onnx import OnnxRuntime

pytest.importorskip("tensorflow")


def buckets() -> Any:
    from keras import Input, Sequential, layers

    return Sequential([Input((6,)), layers.Discretization([-1.0, 0.0, 0.25, 1.0])])


def resized() -> Any:
    """From 10 to 9: 10 * float32(0.9) is less than 9."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((8, 10, 3)),
            layers.Conv2D(4, 3, padding="same"),
            layers.Resizing(8, 9),
            layers.ZeroPadding2D(2),
            layers.Cropping2D(1),
        ]
    )


@pytest.mark.parametrize("build", [buckets, resized])
def test_translated(build: Any, tmp_path: Path) -> None:
    model = randomised(build())
    model.save(tmp_path / "model.keras")
    result, _ = converted(keras_to_onnx.convert, tmp_path / "model.keras", tmp_path / "work")
    with OnnxRuntime().open(result, {}) as session:
        for batch in (1, 3):
            (given,) = inputs(model, batch, 0)
            (wanted,) = answers(model, [given])
            (said,) = session({session.signature.inputs[0].name: given}).values()
            assert said.dtype == wanted.dtype
            np.testing.assert_allclose(said, wanted, atol=1e-5)
