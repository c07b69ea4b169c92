"""Light: depthwise and separable convolutions, and a U-Net."""

from typing import Any

from bench.pairs.pair import Pair, pictures

FAMILY = "convolutions"
BOTTLENECKS = ((16, 1, 1), (24, 6, 2), (24, 6, 1), (32, 6, 2))


def mobile_keras() -> Any:
    """Inverted residuals, as MobileNetV2 has them."""
    import keras
    from keras import layers

    def normed(x: Any) -> Any:
        return layers.BatchNormalization(epsilon=1e-3)(x)

    picture = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, 2, use_bias=False)(layers.ZeroPadding2D(1)(picture))
    x = layers.ReLU(6.0)(normed(x))
    for width, wider, stride in BOTTLENECKS:
        y, channels = x, x.shape[-1]
        if wider > 1:
            y = layers.Conv2D(channels * wider, 1, use_bias=False)(y)
            y = layers.ReLU(6.0)(normed(y))
        y = layers.DepthwiseConv2D(3, stride, use_bias=False)(layers.ZeroPadding2D(1)(y))
        y = layers.ReLU(6.0)(normed(y))
        y = normed(layers.Conv2D(width, 1, use_bias=False)(y))
        x = layers.Add()([x, y]) if stride == 1 and channels == width else y
    return keras.Model(picture, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def mobile_torch() -> Any:
    """With torchvision's nesting: features.N.conv.M.K."""
    import torch
    from torch import nn

    def convolved(
        channels: int, width: int, size: int, stride: int = 1, groups: int = 1
    ) -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(channels, width, size, stride, size // 2, groups=groups, bias=False),
            nn.BatchNorm2d(width, eps=1e-3),
            nn.ReLU6(inplace=True),
        )

    class InvertedResidual(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self, channels: int, width: int, wider: int, stride: int) -> None:
            super().__init__()
            wide = channels * wider
            body = [convolved(channels, wide, 1)] if wider > 1 else []
            body += [convolved(wide, wide, 3, stride, groups=wide)]
            body += [nn.Conv2d(wide, width, 1, bias=False), nn.BatchNorm2d(width, eps=1e-3)]
            self.conv = nn.Sequential(*body)
            self.residual = stride == 1 and channels == width

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.conv(x) if self.residual else self.conv(x)

    class MobileNet(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            body, channels = [convolved(3, 8, 3, 2)], 8
            for width, wider, stride in BOTTLENECKS:
                body.append(InvertedResidual(channels, width, wider, stride))
                channels = width
            self.features = nn.Sequential(*body)
            self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(channels, 10))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.classifier(self.features(x).mean((2, 3)))

    return MobileNet()


def separable_keras() -> Any:
    """Separable convolutions with residuals, as Xception has them."""
    import keras
    from keras import layers

    picture = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, padding="same", use_bias=False, name="block1_conv1")(picture)
    x = layers.ReLU()(layers.BatchNormalization(name="block1_conv1_bn")(x))
    for block in (2, 3, 4):
        y = x
        for conv in (1, 2):
            name = f"block{block}_sepconv{conv}"
            y = layers.ReLU()(y)
            y = layers.SeparableConv2D(
                16, 3, padding="same", use_bias=conv == 1, depth_multiplier=conv, name=name
            )(y)
            y = layers.BatchNormalization(name=f"{name}_bn")(y)
        x = layers.Add()([x, y])
    return keras.Model(picture, layers.Dense(7)(layers.GlobalAveragePooling2D()(x)))


def separable_torch() -> Any:
    """A separable convolution is two: depthwise without a bias, and pointwise."""
    import torch
    from torch import nn

    class SeparableConv2d(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self, channels: int, times: int, *, bias: bool) -> None:
            super().__init__()
            wide = channels * times
            self.conv1 = nn.Conv2d(channels, wide, 3, 1, 1, groups=channels, bias=False)
            self.pointwise = nn.Conv2d(wide, channels, 1, bias=bias)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.pointwise(self.conv1(x))

    class Xception(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(16, eps=1e-3)
            self.blocks = nn.ModuleList(
                nn.Sequential(
                    nn.ReLU(), SeparableConv2d(16, 1, bias=True), nn.BatchNorm2d(16, eps=1e-3),
                    nn.ReLU(), SeparableConv2d(16, 2, bias=False), nn.BatchNorm2d(16, eps=1e-3),
                )
                for _ in range(3)
            )  # fmt: skip
            self.fc = nn.Linear(16, 7)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.bn1(self.conv1(x)).relu()
            for block in self.blocks:
                x = x + block(x)
            return self.fc(x.mean((2, 3)))

    return Xception()


def unet_keras() -> Any:
    """Down by pools, up by transposed convolutions, joined with what was on the way down."""
    import keras
    from keras import layers

    def twice(x: Any, width: int) -> Any:
        for _ in range(2):
            x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization(epsilon=1e-5)(x))
        return x

    picture = x = keras.Input((32, 32, 3))
    kept = []
    for width in (8, 16):
        x = twice(x, width)
        kept.append(x)
        x = layers.MaxPooling2D(2)(x)
    x = twice(x, 32)
    for width in (16, 8):
        x = layers.Conv2DTranspose(width, 2, 2)(x)
        x = twice(layers.Concatenate()([kept.pop(), x]), width)
    return keras.Model(picture, layers.Conv2D(4, 1, activation="sigmoid", name="mask")(x))


def unet_torch() -> Any:
    """With the names that most U-Nets in PyTorch have; the way up is made in the order of use."""
    import torch
    from torch import nn

    class DoubleConv(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self, channels: int, width: int) -> None:
            super().__init__()
            self.double_conv = nn.Sequential(
                nn.Conv2d(channels, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
                nn.Conv2d(width, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.double_conv(x)

    class Up(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self, channels: int, width: int) -> None:
            super().__init__()
            self.up = nn.ConvTranspose2d(channels, width, 2, 2)
            self.conv = DoubleConv(channels, width)

        def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
            return self.conv(torch.cat([skip, self.up(x)], 1))

    class UNet(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.inc = DoubleConv(3, 8)
            self.down1 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(8, 16))
            self.down2 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(16, 32))
            self.up1 = Up(32, 16)
            self.up2 = Up(16, 8)
            self.outc = nn.Conv2d(8, 4, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            first = self.inc(x)
            second = self.down1(first)
            x = self.up1(self.down2(second), second)
            return self.outc(self.up2(x, first)).sigmoid()

    return UNet()


PAIRS = (
    Pair("MobileNetV2", FAMILY, mobile_keras, mobile_torch, pictures(32)),
    Pair("Xception", FAMILY, separable_keras, separable_torch, pictures(32)),
    Pair("U-Net", FAMILY, unet_keras, unet_torch, pictures(32)),
)
