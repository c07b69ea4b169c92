"""onnx2torch on a backend case."""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from bench.backends.onnx2pytorch import of_torch

PRELOAD: Final = ("torch", "bench.backends.torchvision_names", "onnx2torch")


def run_model(path: Path) -> Callable[[Sequence[Any]], list[Any]]:
    """Its module, in evaluation mode."""
    import onnx

    return of_torch(import_module("onnx2torch").convert(onnx.load(path)).eval())
