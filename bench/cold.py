"""What people type today: one cold process per conversion, and no verification.

python bench/cold.py pt2 SOURCE TARGET
"""

import subprocess
import sys
import time
from pathlib import Path


def tf2onnx(saved_model: Path, target: Path) -> float:
    """Seconds of `python -m tf2onnx.convert` from a SavedModel that exists already."""
    paths = ["--saved-model", str(saved_model), "--output", str(target)]
    return _timed([sys.executable, "-m", "tf2onnx.convert", *paths, "--opset", "17"], target)


def torch_onnx(source: Path, target: Path) -> float:
    """Seconds of a script that loads a .pt2 and calls torch.onnx.export(dynamo=True)."""
    return _timed([sys.executable, __file__, "pt2", str(source), str(target)], target)


def _timed(command: list[str], target: Path) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    seconds = time.perf_counter() - start
    if not target.stat().st_size:
        message = f"{command[:3]} wrote an empty file"
        raise RuntimeError(message)
    return seconds


def _export(source: str, target: str) -> None:
    import torch

    program = torch.export.load(source)
    torch.onnx.export(program, dynamo=True).save(target)


if __name__ == "__main__":
    _export(*sys.argv[2:4])
