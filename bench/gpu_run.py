"""Run packed RTX engines on this machine's GPU: against their sources, and against the clock.

    python3 bench/gpu_run.py FOLDER

The folder is what `bench.gpu_pack` has made. Wants PyTorch with CUDA, and what is packed.
Prints what it finds as JSON, a line for each model; the exit status is 1 if any disagreed.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shared.domain.errors import FerryError
from shared.domain.precisions import Precision, tolerances
from workers.gpus import discover
from workers.runtimes.tensorrt_rtx import TensorrtRtxRuntime
from workers.verification.compare import compare

Arrays = dict[str, Any]


def main(folder: Path) -> int:
    """Try every model; the exit status."""
    import torch

    found = discover()
    told = {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "gpus": [gpu.model_dump() for gpu in found.gpus],
        "missing": found.missing,
    }
    print(json.dumps(told), flush=True)
    verdicts = [_try(each) for each in sorted((folder / "models").iterdir())]
    return 0 if verdicts and all(verdicts) else 1


def _try(folder: Path) -> bool:
    runtime = TensorrtRtxRuntime()
    told: dict[str, Any] = {"model": folder.name}
    try:
        with runtime.open(folder, {}) as session:
            told["outputs"] = [
                _held(expected, session(inputs)) for inputs, expected in _cases(folder)
            ]
        told["measured"] = runtime.measure(folder, None)
    except FerryError as error:
        told["error"] = error.fault.model_dump(exclude_none=True)
    except Exception as error:  # noqa: BLE001 - the next model is tried, whatever this one does
        told["error"] = f"{type(error).__name__}: {error}"
    sound = "error" not in told and all(
        each["wrong"] is None for case in told["outputs"] for each in case
    )
    print(json.dumps(told | {"agrees": sound}), flush=True)
    return sound


def _held(expected: Mapping[str, Any], given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every output held against the source's, at the tolerance of the service."""
    wide = tolerances(Precision.FP32)
    held = {name: compare(array, given[name], wide) for name, array in expected.items()}
    return [
        {"name": name, "max_abs": each.max_abs, "max_rel": each.max_rel, "wrong": each.why}
        for name, each in held.items()
    ]


def _cases(folder: Path) -> Iterator[tuple[Arrays, Arrays]]:
    import numpy as np

    sides: dict[str, dict[str, Arrays]] = defaultdict(lambda: {"in": {}, "out": {}})
    with np.load(folder / "cases.npz") as kept:
        for key in kept.files:
            number, side, name = key.split("/", 2)
            sides[number][side][name] = kept[key]
    for each in sides.values():
        yield each["in"], each["out"]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
