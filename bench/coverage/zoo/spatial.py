"""Spatial: convolutional networks of our own, for pictures, volumes and what is found in them."""

from collections.abc import Callable
from typing import Any, Final

from bench.coverage.zoo.architecture import Made


def detector_with_suppression() -> Made:
    """Boxes and scores, and the suppression of those that overlap, written out in tensors."""
    import torch
    from torch import nn

    class Detector(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 16, 3, 4, 1), nn.BatchNorm2d(16), nn.SiLU())
            self.boxes, self.scores = nn.Conv2d(16, 4, 1), nn.Conv2d(16, 3, 1)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            y = self.body(x)
            corner, size = self.boxes(y).flatten(2).transpose(1, 2).chunk(2, -1)
            boxes = torch.cat([corner, corner + nn.functional.softplus(size)], -1)
            scores = self.scores(y).sigmoid().amax(1).flatten(1)
            best, where = scores.topk(8)
            chosen = torch.gather(boxes, 1, where[..., None].expand(-1, -1, 4))
            return chosen, best * self.kept(chosen)

        def kept(self, boxes: torch.Tensor) -> torch.Tensor:
            """1 for boxes that no better one covers by half: those come first."""
            low = torch.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])
            high = torch.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:])
            shared = (high - low).clamp(min=0).prod(-1)
            area = (boxes[..., 2:] - boxes[..., :2]).prod(-1)
            overlap = shared / (area[:, :, None] + area[:, None, :] - shared)
            covered = torch.tril((overlap > 0.5).to(boxes.dtype), diagonal=-1)
            alive = torch.ones_like(area)
            for _ in range(8):
                alive = 1 - (covered @ alive[..., None])[..., 0].clamp(max=1)
            return alive

    return Detector(), (torch.randn(2, 3, 32, 32),)


def pyramid() -> Made:
    """A feature pyramid with heads that are shared between its levels, as in RetinaNet."""
    import torch
    from torch import nn

    class Pyramid(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 16, 3, 2, 1), nn.Conv2d(16, 32, 3, 2, 1)
            self.side_one, self.side_two = nn.Conv2d(16, 16, 1), nn.Conv2d(32, 16, 1)
            self.head = nn.Conv2d(16, 6, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            one = torch.relu(self.one(x))
            two = self.side_two(torch.relu(self.two(one)))
            up = nn.functional.interpolate(two, scale_factor=2.0, mode="nearest")
            levels = (self.side_one(one) + up, two)
            return torch.cat([self.head(each).flatten(2) for each in levels], 2)

    return Pyramid(), (torch.randn(2, 3, 32, 32),)


def deeplab() -> Made:
    """Atrous convolutions in parallel and a pooled one, resized, as in DeepLabV3."""
    import torch
    from torch import nn

    class DeepLab(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU())
            self.arms = nn.ModuleList(
                nn.Conv2d(16, 8, 3, padding=rate, dilation=rate) for rate in (1, 2, 4)
            )
            self.pooled = nn.Conv2d(16, 8, 1)
            self.last = nn.Conv2d(32, 5, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.stem(x)
            whole = self.pooled(nn.functional.adaptive_avg_pool2d(y, 1)).expand(-1, -1, 16, 16)
            joined = torch.cat([*(arm(y) for arm in self.arms), whole], 1)
            return nn.functional.interpolate(
                self.last(joined), size=(32, 32), mode="bilinear", align_corners=False
            )

    return DeepLab(), (torch.randn(2, 3, 32, 32),)


def dense() -> Made:
    """Blocks whose layers see all before them, as in DenseNet."""
    import torch
    from torch import nn

    class Dense(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 8, 3, padding=1)
            widths = [8 + 4 * number for number in range(4)]
            self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths)
            self.convs = nn.ModuleList(nn.Conv2d(width, 4, 3, padding=1) for width in widths)
            self.head = nn.Linear(24, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            found = [self.stem(x)]
            for norm, conv in zip(self.norms, self.convs, strict=True):
                found.append(conv(torch.relu(norm(torch.cat(found, 1)))))
            return self.head(nn.functional.avg_pool2d(torch.cat(found, 1), 16).flatten(1))

    return Dense(), (torch.randn(2, 3, 16, 16),)


def shuffled() -> Made:
    """Grouped convolutions with shuffled channels, as in ShuffleNet."""
    import torch
    from torch import nn

    class Shuffled(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 16, 3, 2, 1)
            self.one, self.two = (nn.Conv2d(16, 16, 1, groups=4) for _ in range(2))
            self.depth = nn.Conv2d(16, 16, 3, padding=1, groups=16)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = nn.functional.relu6(self.stem(x))
            z = nn.functional.channel_shuffle(self.one(y), 4)
            return (y + self.two(self.depth(z))).mean((2, 3))

    return Shuffled(), (torch.randn(2, 3, 32, 32),)


def volumes() -> Made:
    """Convolution, norm and pooling in three dimensions, and a transposed convolution back."""
    import torch
    from torch import nn

    layers = (
        nn.Conv3d(1, 8, 3, padding=1), nn.BatchNorm3d(8), nn.ReLU(), nn.MaxPool3d(2),
        nn.Conv3d(8, 12, 3, padding=1), nn.ELU(), nn.ConvTranspose3d(12, 4, 2, 2),
    )  # fmt: skip
    return nn.Sequential(*layers), (torch.randn(2, 1, 8, 8, 8),)


def super_resolution() -> Made:
    """Residual convolutions and a pixel shuffle, as in ESPCN."""
    import torch
    from torch import nn

    layers = (
        nn.Conv2d(1, 16, 5, padding=2), nn.PReLU(16), nn.Conv2d(16, 9, 3, padding=1),
        nn.PixelShuffle(3), nn.Hardtanh(-2, 2),
    )  # fmt: skip
    return nn.Sequential(*layers), (torch.randn(2, 1, 12, 12),)


def style() -> Made:
    """Instance norms, mirrored borders and transposed convolutions, as in CycleGAN."""
    import torch
    from torch import nn

    layers = (
        nn.ReflectionPad2d(3), nn.Conv2d(3, 8, 7), nn.InstanceNorm2d(8, affine=True), nn.ReLU(),
        nn.Conv2d(8, 16, 3, 2, 1), nn.InstanceNorm2d(16), nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(16, 8, 3, 2, 1, output_padding=1), nn.Conv2d(8, 3, 3, padding=1),
        nn.Tanh(),
    )  # fmt: skip
    return nn.Sequential(*layers), (torch.randn(2, 3, 16, 16),)


def warped() -> Made:
    """A picture resampled by a transformation that is made of it: a spatial transformer."""
    import torch
    from torch import nn

    class Warped(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.where = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 6))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            theta = torch.tanh(self.where(x)).unflatten(1, (2, 3))
            grid = nn.functional.affine_grid(theta, [x.shape[0], 3, 16, 16], align_corners=False)
            return nn.functional.grid_sample(x, grid, align_corners=False)

    return Warped(), (torch.randn(2, 3, 16, 16),)


def diffusion() -> Made:
    """One block down and one up of a denoising U-Net: time steps, group norms, attention."""
    import torch
    from torch import nn

    class Residual(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self, channels: int, out: int) -> None:
            super().__init__()
            self.norm, self.norm2 = nn.GroupNorm(4, channels), nn.GroupNorm(4, out)
            self.conv = nn.Conv2d(channels, out, 3, padding=1)
            self.conv2 = nn.Conv2d(out, out, 3, padding=1)
            self.time, self.short = nn.Linear(32, out), nn.Conv2d(channels, out, 1)

        def forward(self, x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
            y = self.conv(nn.functional.silu(self.norm(x))) + self.time(time)[:, :, None, None]
            return self.conv2(nn.functional.silu(self.norm2(y))) + self.short(x)

    class Denoiser(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.first, self.down = nn.Conv2d(4, 16, 3, padding=1), nn.Conv2d(16, 16, 3, 2, 1)
            self.one, self.two, self.three = (Residual(each, 16) for each in (16, 16, 32))
            self.norm = nn.GroupNorm(4, 16)
            self.attention = nn.MultiheadAttention(16, 4, batch_first=True)
            self.last = nn.Conv2d(16, 4, 3, padding=1)

        def forward(self, x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
            rates = torch.exp(torch.arange(16, dtype=x.dtype) * -0.5)
            angles = step[:, None].to(x.dtype) * rates
            time = torch.cat([angles.sin(), angles.cos()], 1)
            skip = self.one(self.first(x), time)
            y = self.two(self.down(skip), time)
            flat = self.norm(y).flatten(2).transpose(1, 2)
            mixed = self.attention(flat, flat, flat, need_weights=False)[0]
            y = y + mixed.transpose(1, 2).unflatten(2, (8, 8))
            up = nn.functional.interpolate(y, scale_factor=2.0, mode="nearest")
            return self.last(self.three(torch.cat([up, skip], 1), time))

    return Denoiser(), (torch.randn(2, 4, 16, 16), torch.randint(0, 50, (2,)))


SPATIAL: Final[dict[str, Callable[[], Any]]] = {
    "Detector with suppression": detector_with_suppression,
    "Feature pyramid": pyramid,
    "DeepLab": deeplab,
    "DenseNet block": dense,
    "ShuffleNet block": shuffled,
    "Conv3D": volumes,
    "Super-resolution": super_resolution,
    "Style transfer": style,
    "Spatial transformer": warped,
    "Diffusion U-Net": diffusion,
}
