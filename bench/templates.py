"""Templates: the classifiers of digits, written anew in the other framework and never trained."""

from pathlib import Path
from typing import Any

KERAS_CNN = "keras-cnn-template.pt2"
TORCH_CNN = "torch-cnn-template.keras"


def keras_cnn_in_torch(folder: Path) -> None:
    """What the Keras CNN is, as a module of PyTorch with names of its own: a `.pt2`."""
    import torch
    from torch import nn

    class Digits(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(1, 16, 3, padding=1, bias=False)
            self.norm = nn.BatchNorm2d(16, eps=1e-3)
            self.conv = nn.Conv2d(16, 32, 3, padding=1)
            self.head = nn.Linear(32 * 4 * 4, 10)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            x = nn.functional.max_pool2d(self.norm(self.stem(images)).relu(), 2)
            return self.head(self.conv(x).relu().flatten(1))

    batch_size = torch.export.Dim("batch", min=1, max=1024)
    program = torch.export.export(
        Digits().eval(), (torch.zeros(2, 1, 8, 8),), dynamic_shapes=({0: batch_size},)
    )
    torch.export.save(program, folder / KERAS_CNN)


def torch_cnn_in_keras(folder: Path) -> None:
    """What the PyTorch CNN is, as a functional Keras model: a `.keras`."""
    import keras
    from keras import layers

    def normed(x: Any) -> Any:
        return layers.BatchNormalization(epsilon=1e-5, name="first_norm")(x)

    images = keras.Input((8, 8, 1))
    x = layers.Conv2D(16, 3, padding="same", use_bias=False, name="first")(images)
    x = layers.MaxPooling2D(2)(layers.ReLU()(normed(x)))
    x = layers.Conv2D(32, 3, padding="same", activation="gelu", name="second")(x)
    digits = layers.Dense(10, name="digits")(layers.Flatten()(x))
    keras.Model(images, digits).save(folder / TORCH_CNN)
