"""Pictures: convolutional networks without branches, and volumes."""

from typing import Any

from bench.pairs.pair import Pair, pictures

FAMILY = "convolutions"


def lenet_keras() -> Any:
    """With names of its own."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="tanh", name="C1"),
            layers.AveragePooling2D(2, name="S2"),
            layers.Conv2D(16, 5, activation="tanh", name="C3"),
            layers.AveragePooling2D(2, name="S4"),
            layers.Flatten(),
            layers.Dense(120, activation="tanh", name="C5"),
            layers.Dense(84, activation="tanh", name="F6"),
            layers.Dense(10, name="output"),
        ]
    )


def lenet_torch() -> Any:
    """As in PyTorch's tutorial."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Net(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
            self.conv2 = nn.Conv2d(6, 16, 5)
            self.fc1 = nn.Linear(16 * 5 * 5, 120)
            self.fc2 = nn.Linear(120, 84)
            self.fc3 = nn.Linear(84, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = functional.avg_pool2d(self.conv1(x).tanh(), 2)
            x = functional.avg_pool2d(self.conv2(x).tanh(), 2)
            x = self.fc1(torch.flatten(x, 1)).tanh()
            return self.fc3(self.fc2(x).tanh())

    return Net()


def vgg_keras() -> Any:
    """Blocks of two convolutions of the same shape, with norms, and a wide flat head."""
    import keras
    from keras import layers

    picture = x = keras.Input((32, 32, 3))
    for block, width in enumerate((16, 32, 32), 1):
        for conv in (1, 2):
            x = layers.Conv2D(width, 3, padding="same", name=f"block{block}_conv{conv}")(x)
            x = layers.BatchNormalization(epsilon=1e-5, name=f"block{block}_bn{conv}")(x)
            x = layers.ReLU()(x)
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(64, activation="relu", name="fc1")(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(64, activation="relu", name="fc2")(x)
    return keras.Model(picture, layers.Dense(10, name="predictions")(x))


def vgg_torch() -> Any:
    """`features` and `classifier`, as torchvision has them."""
    import torch
    from torch import nn

    class Vgg(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            body: list[nn.Module] = []
            channels = 3
            for width in (16, 32, 32):
                for _ in range(2):
                    body += [nn.Conv2d(channels, width, 3, padding=1)]
                    body += [nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
                    channels = width
                body += [nn.MaxPool2d(2)]
            self.features = nn.Sequential(*body)
            self.classifier = nn.Sequential(
                nn.Linear(32 * 4 * 4, 64), nn.ReLU(), nn.Dropout(),
                nn.Linear(64, 64), nn.ReLU(), nn.Dropout(), nn.Linear(64, 10),
            )  # fmt: skip

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.classifier(self.features(x).flatten(1))

    return Vgg()


def volumes_keras() -> Any:
    """Three dimensions, and a head that reads them laid out flat."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((8, 16, 16, 2)),
            layers.Conv3D(8, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling3D(2),
            layers.Conv3D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling3D(2),
            layers.Conv3DTranspose(4, 2, 2),
            layers.MaxPooling3D(2),
            layers.Flatten(),
            layers.Dense(6),
        ]
    )


def volumes_torch() -> Any:
    """The convolutions' attributes with numbers, the norm's without."""
    import torch
    from torch import nn

    class Volumes(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.conv_a = nn.Conv3d(2, 8, 3, padding=1, bias=False)
            self.norm = nn.BatchNorm3d(8, eps=1e-3)
            self.conv_b = nn.Conv3d(8, 16, 3, padding=1)
            self.up = nn.ConvTranspose3d(16, 4, 2, 2)
            self.pool = nn.MaxPool3d(2)
            self.head = nn.Linear(4 * 2 * 4 * 4, 6)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.pool(self.norm(self.conv_a(x)).relu())
            x = self.pool(self.conv_b(x).relu())
            return self.head(self.pool(self.up(x)).flatten(1))

    return Volumes()


PAIRS = (
    Pair("LeNet", FAMILY, lenet_keras, lenet_torch, pictures(28, 1)),
    Pair("VGG", FAMILY, vgg_keras, vgg_torch, pictures(32)),
    Pair("Conv3D", FAMILY, volumes_keras, volumes_torch, pictures(16, 2, 8)),
)
