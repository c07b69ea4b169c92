"""A bias before a batch normalisation, and a layer of the other framework that has none."""

from typing import Any

import numpy as np
import pytest

from bench.pairs.weights import fill_keras, fill_torch
from workers.transplant import transplant


def _keras(*, biased: bool, normed: bool = True) -> Any:
    import keras

    layers: list[Any] = [keras.Input((8, 8, 3))]
    for count in (4, 6):
        layers.append(keras.layers.Conv2D(count, 3, use_bias=biased))
        layers += [keras.layers.BatchNormalization(epsilon=1e-5)] if normed else []
        layers.append(keras.layers.ReLU())
    return keras.Sequential(
        [*layers, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(5)]
    )


def _torch(*, biased: bool, normed: bool = True) -> Any:
    from torch import nn

    layers: list[Any] = []
    for inputs, count in ((3, 4), (4, 6)):
        layers.append(nn.Conv2d(inputs, count, 3, bias=biased))
        layers += [nn.BatchNorm2d(count)] if normed else []
        layers.append(nn.ReLU())
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5)]
    return nn.Sequential(*layers, *head).eval()


@pytest.mark.parametrize("biased", ["keras", "pytorch"])
def test_a_bias_becomes_a_part_of_the_mean(biased: str) -> None:
    keras, module = _keras(biased=biased == "keras"), _torch(biased=biased == "pytorch")
    fill_keras(keras, 1)
    fill_torch(module, 2)
    pictures = np.random.default_rng(3).normal(0, 1, (2, 8, 8, 3)).astype(np.float32)
    example = {"keras": [pictures], "pytorch": [np.moveaxis(pictures, -1, 1).copy()]}
    models = (keras, module) if biased == "keras" else (module, keras)
    done = transplant(*models, example=example)
    assert done.transfer.complete
    assert done.error is not None
    assert done.error < 1e-4
    means = [each for each in done.moves if each.words.startswith("less ")]
    assert len(means) == 2
    assert all(each.confidence <= 0.7 for each in means)
    back = transplant(*reversed(models), example=example)
    assert back.error is not None
    assert back.error < 1e-4


def test_without_a_norm_a_bias_has_no_place() -> None:
    from shared.domain.errors import UnmappedWeights

    keras, module = _keras(biased=True, normed=False), _torch(biased=False, normed=False)
    fill_keras(keras, 1)
    with pytest.raises(UnmappedWeights, match="no place for it, and it is not all zeros"):
        transplant(keras, module)
