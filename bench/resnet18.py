"""ResNet-18 in plain torch, with every statistic randomised so that no branch is silent.

`python bench/resnet18.py model.pt2` writes it as an exported program with a dynamic batch.
"""

import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

SIDE = 224
"""Of the square input, in pixels."""


def resnet18(seed: int = 0) -> Any:
    """The network in evaluation mode: float32 (N, 3, 224, 224) to float32 (N, 1000)."""
    import torch
    from torch import nn

    def unit(channels: int, out: int, stride: int, size: int) -> list[tuple[str, nn.Module]]:
        conv = nn.Conv2d(channels, out, size, stride, size // 2, bias=False)
        return [("conv", conv), ("norm", nn.BatchNorm2d(out))]

    class Block(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self, channels: int, out: int, stride: int) -> None:
            super().__init__()
            first = OrderedDict(unit(channels, out, stride, 3))
            self.first = nn.Sequential(first)
            self.second = nn.Sequential(OrderedDict(unit(out, out, 1, 3)))
            same = stride == 1 and channels == out
            self.short = (
                nn.Identity()
                if same
                else nn.Sequential(OrderedDict(unit(channels, out, stride, 1)))
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.second(torch.relu(self.first(x)))
            return torch.relu(y + self.short(x))

    torch.manual_seed(seed)
    blocks = [
        Block(channels, out, stride)
        for before, out in ((64, 64), (64, 128), (128, 256), (256, 512))
        for channels, stride in ((before, 1 if before == out else 2), (out, 1))
    ]
    model = nn.Sequential(
        OrderedDict(
            [
                *unit(3, 64, 2, 7),
                ("relu", nn.ReLU()),
                ("pool", nn.MaxPool2d(3, 2, 1)),
                ("blocks", nn.Sequential(*blocks)),
                ("average", nn.AdaptiveAvgPool2d(1)),
                ("flatten", nn.Flatten()),
                ("head", nn.Linear(512, 1000)),
            ]
        )
    )
    return randomised(model).eval()


def randomised(model: Any) -> Any:
    """Give biases, norms and running statistics values that matter."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.0)
            torch.nn.init.normal_(module.bias, 0, 0.1)
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model


def write_pt2(path: Path, seed: int = 0) -> None:
    """Export with a batch that may vary, and save."""
    import torch

    example = torch.randn(2, 3, SIDE, SIDE)
    batch = {0: torch.export.Dim("batch", min=1, max=64)}
    torch.export.save(
        torch.export.export(resnet18(seed), (example,), dynamic_shapes=(batch,)), path
    )


if __name__ == "__main__":
    write_pt2(Path(sys.argv[1]))
