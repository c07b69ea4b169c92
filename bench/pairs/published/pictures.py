"""Pictures: keras.applications beside timm, without published weights.

timm pads as PyTorch does; its `pad_type` and the models named `tf_` pad as TensorFlow does, and
Keras's norms have another epsilon than PyTorch's: both are chosen here as Keras has them.
"""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from bench.backends import torchvision_names
from bench.coverage.zoo.pictures import FOLDER
from bench.pairs.pair import Pair, pictures
from bench.pairs.weights import GAIN

FAMILY: Final = "keras.applications and timm"
CLASSES: Final = 10
AS_TENSORFLOW: Final = {"pad_type": "same", "bn_eps": 1e-3}


def application(name: str, side: int, **options: Any) -> Any:
    """A model of keras.applications, which gives logits."""
    import keras

    make = getattr(keras.applications, name)
    return make(
        weights=None,
        input_shape=(side, side, 3),
        classes=CLASSES,
        classifier_activation=None,
        **options,
    )


def without_preprocessing(name: str, first: str, side: int) -> Any:
    """The model behind its rescaling, from what the layer `first` reads on."""
    import keras

    whole = application(name, side)
    return keras.Model(whole.get_layer(first).input, whole.output)


def of_timm(name: str, **options: Any) -> Any:
    """A model of timm.

    Raises:
        ModuleNotFoundError: `make compared` has not been run.
    """
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    torchvision_names.define()
    import timm

    return timm.create_model(name, pretrained=False, num_classes=CLASSES, **options)


def features_keras(side: int) -> Any:
    """VGG16 up to its last convolution: the dense layers behind are 120 million weights."""
    import keras

    body = keras.applications.VGG16(weights=None, include_top=False, input_shape=(side, side, 3))
    return keras.Model(body.input, body.get_layer("block5_conv3").output)


def features_torch() -> Any:
    """The same of timm's: `features` without the last pool."""
    return of_timm("vgg16").features[:-1]


def xception_torch() -> Any:
    """Its norms with Keras's epsilon."""
    from torch import nn

    module = of_timm("legacy_xception")
    for each in module.modules():
        if isinstance(each, nn.BatchNorm2d):
            each.eps = 1e-3
    return module


def unscaled(module: Any) -> None:
    """Set the scale of each norm to one: Keras's model has none."""
    from torch import nn

    for each in module.modules():
        if isinstance(each, nn.BatchNorm2d):
            nn.init.ones_(each.weight)


MODELS: Final[Mapping[str, tuple[int, Callable[[int], Any], Callable[[], Any]]]] = {
    "MobileNet": (
        64, partial(application, "MobileNet"),
        partial(of_timm, "mobilenetv1_100", **AS_TENSORFLOW),
    ),
    "MobileNetV2": (
        64, partial(application, "MobileNetV2"),
        partial(of_timm, "mobilenetv2_100", **AS_TENSORFLOW),
    ),
    "MobileNetV3Small": (
        64, partial(application, "MobileNetV3Small", include_preprocessing=False),
        partial(of_timm, "tf_mobilenetv3_small_100"),
    ),
    "MobileNetV3Large": (
        64, partial(application, "MobileNetV3Large", include_preprocessing=False),
        partial(of_timm, "tf_mobilenetv3_large_100"),
    ),
    "EfficientNetB0": (
        64, partial(without_preprocessing, "EfficientNetB0", "stem_conv_pad"),
        partial(of_timm, "tf_efficientnet_b0"),
    ),
    "EfficientNetV2B0": (
        64, partial(application, "EfficientNetV2B0", include_preprocessing=False),
        partial(of_timm, "tf_efficientnetv2_b0"),
    ),
    "DenseNet121": (
        32, partial(application, "DenseNet121"), partial(of_timm, "densenet121")
    ),
    "VGG16, features": (32, features_keras, features_torch),
    "Xception": (71, partial(application, "Xception"), xception_torch),
    "ConvNeXtTiny": (
        32, partial(application, "ConvNeXtTiny", include_preprocessing=False),
        partial(of_timm, "convnext_tiny"),
    ),
    "InceptionResNetV2": (
        75, partial(application, "InceptionResNetV2"), partial(of_timm, "inception_resnet_v2")
    ),
    "InceptionV3": (75, partial(application, "InceptionV3"), partial(of_timm, "inception_v3")),
    "ResNet50": (32, partial(application, "ResNet50"), partial(of_timm, "resnet50")),
}  # fmt: skip
"""The side of the pictures, and both models. The last two do not compute the same: they are there
to show what is said then."""

QUIET: Final[Mapping[str, float]] = {"MobileNetV3Large": 1.2, "EfficientNetV2B0": 1.5}

PAIRS: Final = tuple(
    Pair(
        name, FAMILY, partial(keras, side), torch, pictures(side),
        unscaled if name.startswith("Inception") else lambda _: None,
        QUIET.get(name, GAIN),
    )
    for name, (side, keras, torch) in MODELS.items()
)  # fmt: skip
