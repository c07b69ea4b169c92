"""Pictures: models of timm, small ones, with random weights.

timm wants torchvision, which the environment has no place for: `make compared` puts both into a
folder of their own.
"""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from bench.backends import torchvision_names
from bench.coverage.zoo.architecture import Made

FOLDER: Final = Path(__file__).resolve().parents[3] / ".venv" / "compared"

SIDES: Final[Mapping[str, int]] = {
    "resnet10t": 64,
    "mobilenetv3_small_050": 64,
    "efficientnet_lite0": 64,
    "convnext_atto": 64,
    "vit_tiny_patch16_224": 224,
    "mixer_s32_224": 224,
    "ghostnet_050": 64,
    "regnety_002": 64,
}
"""Names of timm's, and the side of the pictures that the model is shown."""


def timm_makers() -> dict[str, Callable[[], Made]]:
    """What makes each of them."""
    return {f"{name} (timm)": partial(made, name) for name in SIDES}


def made(name: str) -> Made:
    """The module and two pictures.

    Raises:
        ModuleNotFoundError: `make compared` has not been run.
    """
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    torchvision_names.define()
    import timm
    import torch

    side = SIDES[name]
    return timm.create_model(name, pretrained=False), (torch.randn(2, 3, side, side),)
