"""The catalogue of checkers, by source and target."""

from collections.abc import Mapping
from typing import Final

from workers.checker import Checker
from workers.checkers.onnx_to_tensorrt import TO_TENSORRT, TO_TENSORRT_RTX

CHECKERS: Final[Mapping[tuple[str, str], Checker]] = {
    (each.source.name, each.target.name): each for each in (TO_TENSORRT, TO_TENSORRT_RTX)
}
