"""Small networks in PyTorch, with every statistic randomised so that no branch is silent."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.export import Dim

BATCH = Dim("batch", min=1, max=64)
LENGTH = Dim("length", min=2, max=256)


class Cnn(nn.Module):
    """Convolutions, norms, pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, groups=2),
            nn.BatchNorm2d(16),
            nn.GELU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(16, 10),
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.body(image)


class Residual(nn.Module):
    """A branch that a zeroed norm would silence."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.branch = nn.Sequential(
            nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.SiLU(), nn.Conv2d(8, 8, 1)
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.stem(image)
        return torch.relu(x + self.branch(x)).mean((2, 3))


class Recurrent(nn.Module):
    """An LSTM or a GRU; torch.export unrolls it, so the length is fixed there."""

    def __init__(self, kind: type[nn.Module]) -> None:
        super().__init__()
        self.cell = kind(6, 12, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(24, 3)

    def forward(self, steps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        every, _ = self.cell(steps)
        return self.head(every[:, -1]), every


class Encoder(nn.Module):
    """Embedding, attention (scaled dot product), norms; a dict of outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(50, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, activation="gelu")
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        x = self.layers(self.words(ids))
        return {"states": x, "pooled": x.mean(1)}


class Words(nn.Module):
    """Embedding and linear, on int64."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(20, 8)
        self.head = nn.Linear(8, 4)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.words(ids).mean(1))


class Keys(nn.Module):
    """A dict of outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(4, 5)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        y = self.line(x)
        return {"states": y, "pooled": y.mean(1)}


class Many(nn.Module):
    """Two inputs, three outputs, one of them of integers."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Linear(4, 5)
        self.right = nn.Linear(3, 5)

    def forward(
        self, left: torch.Tensor, right: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x = torch.tanh(self.left(left)) + self.right(right)
        return x, x.softmax(-1), (x > 0).sum(-1)


class Upscale(nn.Module):
    """A transposed convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1)
        self.norm = nn.BatchNorm2d(6)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.norm(self.up(image))


class Branch(nn.Module):
    """What a trace gets wrong: which way it goes depends on the data."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if bool(self.line(x).sum() > 0):
            return self.line(x) * 2
        return self.line(x) - 1


@dataclass(frozen=True)
class Net:
    """A network, an example to export it with, and which of its dimensions vary."""

    make: Callable[[], nn.Module]
    example: tuple[torch.Tensor, ...]
    dims: Any
    inputs: tuple[str, ...]
    half: bool = False

    def module(self) -> nn.Module:
        torch.manual_seed(7)
        module = randomised(self.make()).eval()
        return module.half() if self.half else module

    def pt2(self, path: Path) -> Path:
        program = torch.export.export(self.module(), self.example, dynamic_shapes=self.dims)
        torch.export.save(program, path)
        return path

    def traced(self, path: Path) -> Path:
        module = torch.jit.trace(self.module(), self.example, strict=False, check_trace=False)
        torch.jit.save(module, path)
        return path

    def scripted(self, path: Path) -> Path:
        torch.jit.save(torch.jit.script(self.module()), path)
        return path


def randomised(module: nn.Module) -> nn.Module:
    """Norms that scale, shift, and have seen data."""
    for each in module.modules():
        if isinstance(each, nn.BatchNorm2d):
            nn.init.uniform_(each.weight, 0.5, 1.5)
            nn.init.normal_(each.bias)
            nn.init.normal_(each.running_mean, 0, 0.3)
            nn.init.uniform_(each.running_var, 0.5, 2)
        if isinstance(each, nn.LayerNorm):
            nn.init.uniform_(each.weight, 0.5, 1.5)
            nn.init.normal_(each.bias)
    return module


IMAGE = torch.randn(2, 3, 32, 32)
STEPS = torch.randn(2, 9, 6)
IDS = torch.randint(0, 20, (2, 9))

NETS = {
    "cnn": Net(Cnn, (IMAGE,), ({0: BATCH},), ("image",)),
    "residual": Net(Residual, (IMAGE,), ({0: BATCH},), ("image",)),
    "lstm": Net(lambda: Recurrent(nn.LSTM), (STEPS,), ({0: BATCH},), ("steps",)),
    "gru": Net(lambda: Recurrent(nn.GRU), (STEPS,), ({0: BATCH},), ("steps",)),
    "encoder": Net(Encoder, (IDS,), ({0: BATCH, 1: LENGTH},), ("ids",)),
    "words": Net(Words, (IDS,), ({0: BATCH, 1: LENGTH},), ("ids",)),
    "many": Net(
        Many,
        (torch.randn(2, 4), torch.randn(2, 3)),
        ({0: BATCH}, {0: BATCH}),
        ("left", "right"),
    ),
    "keys": Net(Keys, (torch.randn(2, 4),), ({0: BATCH},), ("x",)),
    "upscale": Net(Upscale, (torch.randn(2, 4, 8, 8),), ({0: BATCH},), ("image",)),
    "half": Net(Words, (IDS,), ({0: BATCH, 1: LENGTH},), ("ids",), half=True),
}
