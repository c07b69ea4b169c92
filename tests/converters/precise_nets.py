"""Six small models, as if trained: what they say hangs on every weight and on the input."""

from pathlib import Path

import numpy as np
import torch
from torch import nn


class Attention(nn.Module):
    """A transformer block of four heads over 32 channels, normalised before each half."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.LayerNorm(32), nn.LayerNorm(32)
        self.into, self.out = nn.Linear(32, 96), nn.Linear(32, 32)
        self.mlp = nn.Sequential(nn.Linear(32, 128), nn.GELU(), nn.Linear(128, 32))

    def forward(self, x):
        q, k, v = (self._heads(each) for each in self.into(self.first(x)).chunk(3, -1))
        mixed = torch.softmax(q @ k.transpose(-1, -2) / 8**0.5, -1) @ v
        x = x + self.out(mixed.transpose(1, 2).reshape(x.shape))
        return x + self.mlp(self.second(x))

    def _heads(self, x):
        return x.reshape(x.shape[0], x.shape[1], 4, 8).transpose(1, 2)


class Recurrent(nn.Module):
    """An LSTM and a head for each of its steps."""

    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(16, 24, batch_first=True), nn.Linear(24, 5)

    def forward(self, x):
        return self.head(self.lstm(x)[0])


class Wide(nn.Module):
    """Activations up to 1e13 inside, outputs around 1: what float16 cannot hold."""

    def __init__(self):
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(16, 64), nn.Linear(64, 64), nn.Linear(64, 4)

    def forward(self, x):
        y = torch.relu(self.first(x)) * 300
        z = y * y
        return self.last(self.middle(z) / torch.sqrt((z * z).mean(-1, keepdim=True) + 1e-12))


def cnn():
    return nn.Sequential(
        *_normed(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU()),
        nn.MaxPool2d(2),
        *_normed(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU()),
        nn.Conv2d(32, 32, 3, padding=1, groups=32),
        nn.Hardswish(),
        *_head(32),
    )


def depthwise():
    layers = [*_normed(nn.Conv2d(3, 24, 3, 2, 1), nn.ReLU6())]
    for _ in range(3):
        layers += _normed(nn.Conv2d(24, 24, 3, 1, 1, groups=24), nn.ReLU6())
        layers += _normed(nn.Conv2d(24, 24, 1), nn.SiLU())
    return nn.Sequential(*layers, *_head(24))


def classifier():
    layers = nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10)
    return nn.Sequential(*layers)


NETS = {
    "cnn": (cnn, (3, 16, 16)),
    "attention": (Attention, (12, 32)),
    "recurrent": (Recurrent, (9, 16)),
    "depthwise": (depthwise, (3, 32, 32)),
    "wide": (Wide, (16,)),
    "classifier": (classifier, (64,)),
}
"""How each is made, and the shape of one sample."""


def written(name: str, folder: Path) -> Path:
    """The model as ONNX of opset 17, with a dynamic batch."""
    make, shape = NETS[name]
    torch.manual_seed(3)
    net = make()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.3, 2)
    gain = "linear" if name == "recurrent" else "relu"
    for parameter in net.parameters():
        if parameter.ndim > 1:
            nn.init.kaiming_normal_(parameter, nonlinearity=gain)
    path = folder / f"{name}.onnx"
    torch.onnx.export(
        net.eval(),
        (torch.randn(1, *shape),),
        path,
        input_names=["x"],
        output_names=["y"],
        dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}},
        dynamo=False,
        opset_version=17,
    )
    return path


def samples(name: str, folder: Path, count: int = 64) -> Path:
    """That many inputs, normal with a standard deviation of 1."""
    path = folder / f"{name}.npz"
    rng = np.random.default_rng(0)
    np.savez(path, x=rng.standard_normal((count, *NETS[name][1]), np.float32))
    return path


def _normed(layer, activation):
    return layer, nn.BatchNorm2d(layer.out_channels), activation


def _head(channels):
    return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)
