"""What TensorRT's parser takes of an ONNX model, asked without a GPU."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from shared.domain.coverage import Coverage
from shared.domain.errors import LibraryMissing
from shared.domain.formats import ONNX, TENSORRT, TENSORRT_RTX
from workers.checker import Checker
from workers.runtimes.onnx import OnnxRuntime
from workers.tensorrt_bridge.coverage import coverage
from workers.tensorrt_bridge.library import load


def check_tensorrt(path: Path, _options: Mapping[str, Any]) -> Coverage:
    """By TensorRT where it is and this process may see a GPU, without which it does not start;
    else by TensorRT-RTX's parser, which is of the same source.

    Raises:
        InvalidModel: the file is no sound graph.
        LibraryMissing: neither can be loaded.
    """
    OnnxRuntime().inspect(path, {})
    if os.environ.get("CUDA_VISIBLE_DEVICES") != "":
        with suppress(LibraryMissing):
            return coverage(load("tensorrt"), path, TENSORRT.name)
    return coverage(load("tensorrt-rtx"), path, TENSORRT.name)


def check_tensorrt_rtx(path: Path, _options: Mapping[str, Any]) -> Coverage:
    """By TensorRT-RTX's parser.

    Raises:
        InvalidModel, LibraryMissing: as with `check_tensorrt`.
    """
    OnnxRuntime().inspect(path, {})
    return coverage(load("tensorrt-rtx"), path, TENSORRT_RTX.name)


TO_TENSORRT: Final = Checker(
    source=ONNX,
    target=TENSORRT,
    version=1,
    check=check_tensorrt,
    packages=("onnx",),
    libraries=("tensorrt-rtx",),
    binding=True,
)
TO_TENSORRT_RTX: Final = Checker(
    source=ONNX,
    target=TENSORRT_RTX,
    version=1,
    check=check_tensorrt_rtx,
    packages=("onnx",),
    libraries=("tensorrt-rtx",),
    binding=True,
)
