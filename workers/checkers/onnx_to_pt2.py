"""What our own importer to PyTorch takes of an ONNX model."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from shared.domain.coverage import Coverage
from shared.domain.formats import ONNX, PT2
from workers.checker import Checker
from workers.checkers.importing import covered


def check(path: Path, _options: Mapping[str, Any]) -> Coverage:
    """By its table of operators; nothing is run or exported.

    Raises:
        InvalidModel: the file is no sound graph.
    """
    from workers.onnx_graph.reading import read
    from workers.onnx_torch.importer import REGISTRY, knows

    by = f"Modelferry's importer for PyTorch {version('torch')}"
    return covered(path, lambda each: read(each, knows), REGISTRY, target=PT2.name, by=by)


TO_PT2: Final = Checker(
    source=ONNX, target=PT2, version=1, check=check, packages=("torch", "onnx")
)
