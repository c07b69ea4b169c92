"""Folder: how TensorRT-RTX lies on disk where `workers.tensorrt_bridge.build` has put it."""

import sys
from pathlib import Path
from typing import Final

MARK: Final = "made.json"
"""Is there when all of it is there; says what it was made of."""

LIBRARIES: Final = "lib"
BINDINGS: Final = "bindings"


def default_folder() -> Path:
    """Beside the interpreter's own packages, where a step's child may read."""
    return Path(sys.prefix) / "modelferry-rtx"
