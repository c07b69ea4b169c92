"""Residual: networks with branches that are added, joined or multiplied."""

from typing import Any

from bench.pairs.pair import Pair, pictures

FAMILY = "residual"
STAGES = ((16, 1), (32, 2), (64, 2), (96, 2))


def resnet_keras() -> Any:
    """ResNet-18 with two blocks a stage and Keras's automatic names."""
    import keras
    from keras import layers

    def convolved(x: Any, width: int, size: int, stride: int) -> Any:
        x = layers.ZeroPadding2D(size // 2)(x) if size > 1 else x
        x = layers.Conv2D(width, size, stride, use_bias=False)(x)
        return layers.BatchNormalization(epsilon=1e-5)(x)

    picture = keras.Input((32, 32, 3))
    x = layers.ReLU()(convolved(picture, 16, 7, 2))
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    for width, stride in STAGES:
        for step in (stride, 1):
            y = layers.ReLU()(convolved(x, width, 3, step))
            y = convolved(y, width, 3, 1)
            if step != 1 or x.shape[-1] != width:
                x = convolved(x, width, 1, step)
            x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(picture, layers.Dense(10)(x))


def resnet_torch() -> Any:
    """With torchvision's names."""
    import torch
    from torch import nn

    class BasicBlock(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self, channels: int, width: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(width)
            self.downsample = None
            if stride != 1 or channels != width:
                self.downsample = nn.Sequential(
                    nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width)
                )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
            return (y + (self.downsample(x) if self.downsample else x)).relu()

    class ResNet(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(3, 16, 7, 2, 3, bias=False)
            self.bn1 = nn.BatchNorm2d(16)
            self.maxpool = nn.MaxPool2d(3, 2, 1)
            channels = 16
            for number, (width, stride) in enumerate(STAGES, 1):
                stage = nn.Sequential(
                    BasicBlock(channels, width, stride), BasicBlock(width, width, 1)
                )
                setattr(self, f"layer{number}", stage)
                channels = width
            self.fc = nn.Linear(channels, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            # Zeros beside the pool's input, as Keras pads, are as small as what a ReLU gives.
            x = self.maxpool(self.bn1(self.conv1(x)).relu())
            for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
                x = stage(x)
            return self.fc(x.mean((2, 3)))

    return ResNet()


def dense_keras() -> Any:
    """DenseNet: each layer reads all that came before it in its block."""
    import keras
    from keras import layers

    picture = x = keras.Input((16, 16, 3))
    x = layers.Conv2D(16, 3, padding="same", use_bias=False, name="stem_conv")(x)
    for block in (1, 2):
        for layer in (1, 2, 3):
            name = f"block{block}_layer{layer}"
            y = layers.BatchNormalization(epsilon=1e-5, name=f"{name}_norm")(x)
            y = layers.Conv2D(8, 3, padding="same", use_bias=False, name=f"{name}_conv")(
                layers.ReLU()(y)
            )
            x = layers.Concatenate()([x, y])
        if block == 1:
            x = layers.BatchNormalization(epsilon=1e-5, name="transition_norm")(x)
            x = layers.Conv2D(20, 1, use_bias=False, name="transition_conv")(layers.ReLU()(x))
            x = layers.AveragePooling2D(2)(x)
    x = layers.ReLU()(layers.BatchNormalization(epsilon=1e-5, name="last")(x))
    return keras.Model(picture, layers.Dense(5, name="fc")(layers.GlobalAveragePooling2D()(x)))


def dense_torch() -> Any:
    """The layers of a block in a ModuleList."""
    import torch
    from torch import nn

    class Layer(nn.Sequential):  # type: ignore[misc] # torch is not typed here
        def __init__(self, channels: int, width: int, size: int) -> None:
            super().__init__(
                nn.BatchNorm2d(channels), nn.ReLU(),
                nn.Conv2d(channels, width, size, padding=size // 2, bias=False),
            )  # fmt: skip

    class DenseNet(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 16, 3, padding=1, bias=False)
            self.first = nn.ModuleList(Layer(16 + 8 * each, 8, 3) for each in range(3))
            self.shrink = Layer(40, 20, 1)
            self.second = nn.ModuleList(Layer(20 + 8 * each, 8, 3) for each in range(3))
            self.head = nn.Sequential(
                nn.BatchNorm2d(44), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                nn.Linear(44, 5),
            )  # fmt: skip

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.stem(x)
            for layer in self.first:
                x = torch.cat([x, layer(x)], 1)
            x = nn.functional.avg_pool2d(self.shrink(x), 2)
            for layer in self.second:
                x = torch.cat([x, layer(x)], 1)
            return self.head(x)

    return DenseNet()


def squeeze_keras() -> Any:
    """Residual blocks that are weighed by squeeze and excitation; group norm, and PReLU."""
    import keras
    from keras import layers

    picture = keras.Input((16, 16, 3))
    x = layers.Conv2D(24, 3, padding="same")(picture)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    for _ in range(3):
        y = layers.Conv2D(24, 3, padding="same", use_bias=False)(x)
        y = layers.GroupNormalization(4, epsilon=1e-5)(y)
        y = layers.Activation("silu")(y)
        weight = layers.GlobalAveragePooling2D(keepdims=True)(y)
        weight = layers.Conv2D(6, 1, activation="relu")(weight)
        weight = layers.Conv2D(24, 1, activation="sigmoid")(weight)
        x = layers.Add()([x, layers.Multiply()([y, weight])])
    return keras.Model(picture, layers.Dense(4)(layers.GlobalMaxPooling2D()(x)))


def squeeze_torch() -> Any:
    """Excitation by linear layers, where the Keras side has convolutions of one pixel."""
    import torch
    from torch import nn

    class Excited(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(24, 24, 3, padding=1, bias=False)
            self.norm = nn.GroupNorm(4, 24)
            self.squeeze = nn.Linear(24, 6)
            self.excite = nn.Linear(6, 24)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = nn.functional.silu(self.norm(self.conv(x)))
            weight = self.excite(self.squeeze(y.mean((2, 3))).relu()).sigmoid()
            return x + y * weight[:, :, None, None]

    class SeNet(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 24, 3, padding=1), nn.PReLU(24))
            self.blocks = nn.Sequential(*(Excited() for _ in range(3)))
            self.fc = nn.Linear(24, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(self.blocks(self.stem(x)).amax((2, 3)))

    return SeNet()


PAIRS = (
    Pair("ResNet-18", FAMILY, resnet_keras, resnet_torch, pictures(32)),
    Pair("DenseNet", FAMILY, dense_keras, dense_torch, pictures(16)),
    Pair("SE-Net, group norm", FAMILY, squeeze_keras, squeeze_torch, pictures(16)),
)
