"""Known families: models of keras.applications into those of timm, and back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.coverage.zoo.pictures import FOLDER
from bench.pairs.published.pictures import MODELS, application, of_timm
from bench.pairs.weights import fill_keras, fill_torch
from tests.unit.named_weights import NamedWeights, pytorch
from workers.transplant import transplant
from workers.transplant.applying import apply
from workers.transplant.carrying import carry, made
from workers.transplant.families import named, recognised
from workers.transplant.live_keras import KerasWeights
from workers.transplant.live_torch import TorchWeights
from workers.weights.variables import Framework

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


def test_a_bias_before_a_norm_is_a_part_of_its_mean() -> None:
    """ResNet50 of keras.applications has biases that PyTorch's has no place for. transformers' is
    the one that has the stride where Keras has it."""
    import transformers

    side, make_keras, _ = MODELS["ResNet50"]
    keras = make_keras(side)
    config = transformers.ResNetConfig(downsample_in_bottleneck=True, num_labels=10)
    module = transformers.ResNetForImageClassification(config).eval()
    for each in module.modules():
        if hasattr(each, "running_mean"):
            each.eps = 1.001e-5
    shown = np.random.default_rng(1).normal(0, 1, (2, side, side, 3)).astype(np.float32)
    example = {"keras": [shown], "pytorch": [np.moveaxis(shown, -1, 1).copy()]}
    fill_keras(keras, 2, 1.2)
    there = transplant(keras, module, mapping="resnet-transformers", example=example)
    fill_torch(module, 3, 1.2)
    back = transplant(module, keras, mapping="resnet-transformers", example=example)
    for each in (there, back):
        assert each.transfer.complete
        assert each.error is not None
        assert each.error < 1e-4
    assert not keras.get_layer("conv1_conv").bias.numpy().any()


def test_resnet_has_the_names_of_timm() -> None:
    side, make_keras, make_torch = MODELS["ResNet50"]
    keras, module = make_keras(side), make_torch().eval()
    fill_keras(keras, 2)
    assert transplant(keras, module, mapping="resnet").transfer.complete
    kernel = keras.get_layer("conv3_block2_2_conv").kernel.numpy()
    assert np.array_equal(module.layer2[1].conv2.weight.detach(), kernel.transpose(3, 2, 0, 1))
    norm, bias = keras.get_layer("conv3_block2_2_bn"), keras.get_layer("conv3_block2_2_conv").bias
    mean = norm.moving_mean.numpy() - bias.numpy()
    assert np.array_equal(module.layer2[1].bn2.running_mean, mean)


@pytest.mark.parametrize(
    ("name", "keras", "timm", "family"),
    [
        ("MobileNetV3Large", "MobileNetV3Large", "tf_mobilenetv3_large_100", "mobilenet-v3-large"),
        ("EfficientNetB1", "EfficientNetB1", "tf_efficientnet_b1", "efficientnet"),
        ("ResNet101", "ResNet101", "resnet101", "resnet"),
    ],
)
def test_larger_ones_have_the_same_names_and_shapes(
    name: str, keras: str, timm: str, family: str
) -> None:
    """Nothing is run, and PyTorch's side has no memory."""
    import torch

    model = KerasWeights(application(keras, 75))
    with torch.device("meta"):
        variables = of_timm(timm).state_dict()
    module = pytorch({key: tuple(each.shape) for key, each in variables.items()})
    there = apply(named(family), model, module)
    back = apply(named(family, Framework.PYTORCH), module, model)
    assert there.transfer().complete, name
    assert back.transfer().complete, name
    found = [recognised(each) for each in (model, module)]
    assert [each.family for each in found if each] == [family, family]


def test_residual_blocks_of_two_layers_go_there_and_back() -> None:
    """Keras has no such model: without a template, and the names that it would give them."""
    module = TorchWeights(of_timm("resnet18"))
    _round_trip(module, "resnet")


def test_query_key_and_value_in_one_matrix_go_there_and_into_transformers() -> None:
    import torch
    import transformers

    fused = of_timm("vit_tiny_patch16_224", depth=2, embed_dim=8, num_heads=2, img_size=32).eval()
    fill_torch(fused, 4)
    variables = _round_trip(TorchWeights(fused), "vit-timm")
    config = transformers.ViTConfig(
        hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        image_size=32, patch_size=16, num_labels=10, layer_norm_eps=1e-6,
    )  # fmt: skip
    split = transformers.ViTForImageClassification(config).eval()
    source = NamedWeights(
        Framework.TENSORFLOW, {key: each.shape for key, each in variables.items()}, variables
    )
    mapping = recognised(source)
    assert mapping is not None
    assert mapping.family == "vit"
    target = TorchWeights(split)
    carry(apply(mapping, source, target).transfer(), source, target, _unheard)
    shown = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected, found = fused(shown), split(shown).logits
    assert (found - expected).abs().max() < 1e-4 * expected.abs().max()


def _round_trip(module: TorchWeights, family: str) -> dict[str, Any]:
    """The variables in TensorFlow's names, from which the module's own come back bit for bit."""
    mapping = recognised(module)
    assert mapping is not None
    assert mapping.family == family
    there = apply(mapping, module, None)
    assert there.transfer().complete
    arrays = {each.target: made(each.value, module.read) for each in there.moves}
    shapes = {key: each.shape for key, each in arrays.items()}
    source = NamedWeights(Framework.TENSORFLOW, shapes, arrays)
    back = apply(named(family), source, None)
    found = {each.target: made(each.value, source.read) for each in back.moves}
    kept = [each for each in module.variables if not each.endswith("num_batches_tracked")]
    assert sorted(found) == sorted(kept)
    assert all(np.array_equal(found[each], module.read(each)) for each in kept)
    return arrays


def _unheard(message: str, /, *, progress: float | None = None) -> None:
    del message, progress
