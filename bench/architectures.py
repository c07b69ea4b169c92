"""Ten architectures in plain torch, small and random, for the table of engines in docs/gpu.md.

Each is a function that gives a module in evaluation mode and example inputs (batch 2); the
first dimension of every input and output may vary.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.resnet18 import randomised, resnet18


def mobile() -> tuple[Any, tuple[Any, ...]]:
    """Inverted residuals with squeeze-and-excitation and hard-swish, as in MobileNetV3."""
    import torch
    from torch import nn

    class Block(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self, channels: int, wide: int) -> None:
            super().__init__()
            self.expand = nn.Sequential(nn.Conv2d(channels, wide, 1), nn.BatchNorm2d(wide))
            self.depth = nn.Sequential(
                nn.Conv2d(wide, wide, 5, padding=2, groups=wide), nn.BatchNorm2d(wide)
            )
            self.squeeze = nn.Sequential(
                nn.AdaptiveAvgPool2d(1), nn.Conv2d(wide, wide // 4, 1), nn.ReLU(),
                nn.Conv2d(wide // 4, wide, 1), nn.Hardsigmoid(),
            )  # fmt: skip
            self.project = nn.Sequential(nn.Conv2d(wide, channels, 1), nn.BatchNorm2d(channels))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = nn.functional.hardswish(self.depth(nn.functional.hardswish(self.expand(x))))
            return x + self.project(y * self.squeeze(y))

    stem = nn.Conv2d(3, 16, 3, 2, 1)
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))
    model = nn.Sequential(stem, Block(16, 64), Block(16, 96), *head)
    return randomised(model), (torch.randn(2, 3, 64, 64),)


def unet() -> tuple[Any, tuple[Any, ...]]:
    """An encoder and a decoder with transposed convolutions, skips and a resize."""
    import torch
    from torch import nn

    class Unet(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Conv2d(3, 16, 3, 2, 1)
            self.deep = nn.Conv2d(16, 32, 3, 2, 1)
            self.up = nn.ConvTranspose2d(32, 16, 2, 2)
            self.last = nn.Conv2d(32, 4, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            skip = torch.relu(self.down(x))
            deep = torch.relu(nn.functional.group_norm(self.deep(skip), 4))
            joined = torch.cat([self.up(deep), skip], 1)
            return nn.functional.interpolate(self.last(joined), scale_factor=2, mode="bilinear")

    return Unet(), (torch.randn(2, 3, 64, 64),)


def convnext() -> tuple[Any, tuple[Any, ...]]:
    """Depthwise 7x7, channels-last LayerNorm, GELU and a layer scale, as in ConvNeXt."""
    import torch
    from torch import nn

    class Block(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self, width: int) -> None:
            super().__init__()
            self.depth = nn.Conv2d(width, width, 7, padding=3, groups=width)
            self.norm = nn.LayerNorm(width)
            self.mix = nn.Sequential(
                nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
            )
            self.scale = nn.Parameter(torch.full((width,), 0.5))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.norm(self.depth(x).permute(0, 2, 3, 1))
            return x + (self.mix(y) * self.scale).permute(0, 3, 1, 2)

    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))
    model = nn.Sequential(nn.Conv2d(3, 32, 4, 4), Block(32), Block(32), *head)
    return model, (torch.randn(2, 3, 64, 64),)


def vision_transformer() -> tuple[Any, tuple[Any, ...]]:
    """Patches, a class token, two encoder layers of four heads."""
    import torch
    from torch import nn

    class Vit(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.patch = nn.Conv2d(3, 64, 16, 16)
            self.token = nn.Parameter(torch.randn(1, 1, 64))
            self.place = nn.Parameter(torch.randn(1, 17, 64) * 0.02)
            self.layers = nn.ModuleList([Attention(64) for _ in range(2)])
            self.head = nn.Linear(64, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            patches = self.patch(x).flatten(2).transpose(1, 2)
            y = torch.cat([self.token.expand(x.shape[0], -1, -1), patches], 1) + self.place
            for layer in self.layers:
                y = layer(y, None)
            return self.head(y[:, 0])

    Attention = _attention()  # noqa: N806 - a class
    return Vit(), (torch.randn(2, 3, 64, 64),)


def bert() -> tuple[Any, tuple[Any, ...]]:
    """Token and position embeddings, a padding mask, two encoder layers."""
    import torch
    from torch import nn

    class Bert(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(1000, 64), nn.Embedding(32, 64)
            self.layers = nn.ModuleList([Attention(64) for _ in range(2)])

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            y = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
            bias = (1.0 - mask[:, None, None, :].to(y.dtype)) * -1e4
            for layer in self.layers:
                y = layer(y, bias)
            return torch.tanh(y[:, 0])

    Attention = _attention()  # noqa: N806 - a class
    return Bert(), (torch.randint(0, 1000, (2, 32)), torch.ones(2, 32, dtype=torch.int64))


def decoder() -> tuple[Any, tuple[Any, ...]]:
    """One step of a decoder with a cache of keys and values, and tied output weights."""
    import torch
    from torch import nn

    class Decoder(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(500, 64)
            self.norm, self.qkv = nn.RMSNorm(64), nn.Linear(64, 192)

        def forward(
            self, ids: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
        ) -> tuple[torch.Tensor, ...]:
            x = self.tokens(ids)
            parts = self.qkv(self.norm(x)).unflatten(-1, (3, 4, 16)).permute(2, 0, 3, 1, 4)
            keys, values = torch.cat([keys, parts[1]], 2), torch.cat([values, parts[2]], 2)
            weights = torch.softmax(parts[0] @ keys.transpose(-1, -2) / 4, -1)
            y = x + (weights @ values).transpose(1, 2).flatten(2)
            return y @ self.tokens.weight.T, keys, values

    cache = torch.randn(2, 4, 7, 16)
    return Decoder(), (torch.randint(0, 500, (2, 1)), cache, cache.flip(0))


def lstm() -> tuple[Any, tuple[Any, ...]]:
    """A bidirectional LSTM of two layers over embeddings."""
    import torch
    from torch import nn

    class Tagger(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(200, 24)
            self.lstm = nn.LSTM(24, 32, 2, batch_first=True, bidirectional=True)
            self.tags = nn.Linear(64, 9)

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.tags(self.lstm(self.words(ids))[0])

    return Tagger(), (torch.randint(0, 200, (2, 12)),)


def wavenet() -> tuple[Any, tuple[Any, ...]]:
    """Dilated causal convolutions in one dimension with gates, as in WaveNet."""
    import torch
    from torch import nn

    class Wave(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv1d(1, 16, 1)
            self.gates = nn.ModuleList([nn.Conv1d(16, 32, 2, dilation=2**n) for n in range(4)])
            self.last = nn.Conv1d(16, 8, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.first(x)
            for number, gate in enumerate(self.gates):
                filtered, opened = gate(nn.functional.pad(y, (2**number, 0))).chunk(2, 1)
                y = y + torch.tanh(filtered) * torch.sigmoid(opened)
            return self.last(nn.functional.elu(y))

    return Wave(), (torch.randn(2, 1, 256),)


def detector() -> tuple[Any, tuple[Any, ...]]:
    """An anchor-free detection head: boxes, scores, and the five best by top-k and gather."""
    import torch
    from torch import nn

    class Detector(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 16, 3, 4, 1), nn.LeakyReLU(0.1))
            self.boxes, self.scores = nn.Conv2d(16, 4, 1), nn.Conv2d(16, 6, 1)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            y = self.body(x)
            boxes = torch.exp(self.boxes(y).flatten(2).transpose(1, 2).clamp(max=4))
            best, where = torch.sigmoid(self.scores(y)).amax(1).flatten(1).topk(5)
            return torch.gather(boxes, 1, where[..., None].expand(-1, -1, 4)), best, where

    return Detector(), (torch.randn(2, 3, 64, 64),)


def _attention() -> Any:
    """A pre-norm encoder layer of four heads; `bias` is added to the scores."""
    import torch
    from torch import nn

    class Attention(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self, width: int) -> None:
            super().__init__()
            self.norm, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mix = nn.Sequential(
                nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
            )

        def forward(self, x: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
            q, k, v = (
                each.unflatten(-1, (4, -1)).transpose(1, 2)
                for each in self.qkv(self.norm(x)).chunk(3, -1)
            )
            y = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
            x = x + self.out(y.transpose(1, 2).flatten(2))
            return x + self.mix(self.norm2(x))

    return Attention


def resnet() -> tuple[Any, tuple[Any, ...]]:
    """ResNet-18, in full."""
    import torch

    return resnet18(), (torch.randn(2, 3, 224, 224),)


ARCHITECTURES: Final[dict[str, Callable[[], tuple[Any, tuple[Any, ...]]]]] = {
    "ResNet-18": resnet,
    "MobileNetV3 blocks": mobile,
    "U-Net": unet,
    "ConvNeXt blocks": convnext,
    "Vision Transformer": vision_transformer,
    "BERT": bert,
    "Decoder with KV cache": decoder,
    "Bidirectional LSTM": lstm,
    "WaveNet": wavenet,
    "Detection head": detector,
}


def write(name: str, path: Path) -> None:
    """Save one as an exported program whose batch may vary."""
    import torch

    torch.manual_seed(0)
    model, inputs = ARCHITECTURES[name]()
    batch = torch.export.Dim("batch", min=1, max=16)
    dims = tuple({0: batch} for _ in inputs)
    torch.export.save(torch.export.export(model.eval(), inputs, dynamic_shapes=dims), path)
