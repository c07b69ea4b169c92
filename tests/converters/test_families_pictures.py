"""Known families: models of keras.applications into those of timm, and back."""

from pathlib import Path

import numpy as np
import pytest

from bench.coverage.zoo.pictures import FOLDER
from bench.pairs.published.pictures import MODELS
from bench.pairs.weights import fill_keras, fill_torch
from shared.domain.errors import InvalidMapping
from workers.transplant import transplant
from workers.transplant.families import recognised
from workers.transplant.live_keras import KerasWeights
from workers.transplant.live_torch import TorchWeights

pytestmark = pytest.mark.skipif(
    not (Path(FOLDER) / "timm").is_dir(), reason="timm is not installed: make compared"
)
CASES = {
    "MobileNetV2": "mobilenet-v2",
    "MobileNetV3Small": "mobilenet-v3-small",
    "EfficientNetB0": "efficientnet",
}


@pytest.mark.parametrize("name", CASES)
def test_both_compute_the_same_after_either_way(name: str) -> None:
    side, make_keras, make_torch = MODELS[name]
    keras, module = make_keras(side), make_torch().eval()
    shown = np.random.default_rng(1).normal(0, 1, (2, side, side, 3)).astype(np.float32)
    example = {"keras": [shown], "pytorch": [np.moveaxis(shown, -1, 1).copy()]}
    for weights in (KerasWeights(keras), TorchWeights(module)):
        mapping = recognised(weights)
        assert mapping is not None
        assert mapping.family == CASES[name]
    fill_keras(keras, 2)
    there = transplant(keras, module, mapping=CASES[name], example=example)
    fill_torch(module, 3)
    back = transplant(module, keras, mapping=CASES[name], example=example)
    for each in (there, back):
        assert each.transfer.complete
        assert each.error is not None
        assert each.error < 1e-4


def test_a_bias_before_a_norm_is_never_lost() -> None:
    """ResNet of keras.applications has biases that timm's has no place for."""
    side, make_keras, make_torch = MODELS["ResNet50"]
    keras, module = make_keras(side), make_torch().eval()
    done = transplant(keras, module, mapping="resnet")
    assert done.transfer.complete
    assert sum(each.why == "zeros before a norm" for each in done.transfer.unread) == 53
    kernel = keras.get_layer("conv3_block2_2_conv").kernel.numpy()
    assert np.array_equal(module.layer2[1].conv2.weight.detach(), kernel.transpose(3, 2, 0, 1))
    fill_keras(keras, 2)
    with pytest.raises(InvalidMapping, match="bias' is left out where it is zeros"):
        transplant(keras, module, mapping="resnet")
