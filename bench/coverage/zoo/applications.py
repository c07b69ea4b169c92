"""Applications: those of Keras, without their weights and at the smallest pictures they take."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.coverage.zoo.architecture import Architecture

SIDES: Final = {
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "EfficientNetB0": 32,
    "EfficientNetV2B0": 32,
    "ResNet50": 32,
    "DenseNet121": 32,
    "NASNetMobile": 32,
    "Xception": 71,
    "InceptionV3": 75,
    "ConvNeXtTiny": 32,
}
"""Of the square picture, in pixels."""

FAMILY: Final = "keras.applications"


def applications() -> list[Architecture]:
    """Each with its own preprocessing where it has one, ten classes and a batch that varies;
    and a small network of our own."""
    return [
        Architecture("Small CNN (Keras)", "own", "keras", _small),
        *(
            Architecture(f"{name} (Keras)", FAMILY, "keras", _writer(name, side))
            for name, side in SIDES.items()
        ),
    ]


def _writer(name: str, side: int) -> Callable[[Path], bool]:
    def write(path: Path) -> bool:
        import keras

        keras.utils.set_random_seed(0)
        make = getattr(keras.applications, name)
        model = make(weights=None, input_shape=(side, side, 3), classes=10)
        varied(model)
        model.save(path)
        keras.backend.clear_session()
        return True

    return write


def _small(path: Path) -> bool:
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(8, 3, 2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(6.0),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.MaxPooling2D(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(5, activation="softmax"),
        ]
    )
    varied(model)
    model.save(path)
    return True


def varied(model: Any) -> None:
    """Give biases, norms and moving statistics values that matter: they are ones and zeros."""
    import numpy as np

    random = np.random.default_rng(0)
    for weight in model.weights:
        name = weight.path.rpartition("/")[2]
        if name in {"gamma", "moving_variance"}:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
        elif name in {"beta", "moving_mean", "bias"}:
            weight.assign(random.normal(0, 0.1, weight.shape))
