"""What our own importer to TensorFlow takes of an ONNX model."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from shared.domain.coverage import Coverage
from shared.domain.formats import ONNX, SAVEDMODEL
from workers.checker import Checker
from workers.checkers.importing import covered


def check(path: Path, _options: Mapping[str, Any]) -> Coverage:
    """By its table of operators; nothing is run or traced.

    Raises:
        InvalidModel: the file is no sound graph.
    """
    from workers.onnx_tensorflow.framework import REGISTRY
    from workers.onnx_tensorflow.running import load

    by = f"Modelferry's importer for TensorFlow {version('tensorflow-cpu')}"
    return covered(path, load, REGISTRY, target=SAVEDMODEL.name, by=by)


TO_SAVEDMODEL: Final = Checker(
    source=ONNX,
    target=SAVEDMODEL,
    version=1,
    check=check,
    packages=("tensorflow-cpu", "onnx", "numpy"),
)
