"""How much memory weights need on their way into the other framework's files.

    python -m bench.weights [GIGABYTES]     make a checkpoint, convert it, print the peaks

Every matrix is transposed. Each conversion is a process of its own; its peak is that of its
resident memory, pages of mapped files included, over what it was after the imports. The bound is
twice the largest tensor and 300 MB.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any, Final

from workers.transplant.expressions import Read, Transpose, evaluate
from workers.weights.opening import open_weights
from workers.weights.variables import Variable
from workers.weights.writing import write_weights

ROOT: Final = Path(__file__).parents[1]
MEGABYTE: Final = 1_000_000
ALLOWANCE: Final = 300 * MEGABYTE

TABLE: Final = ("embedding/embeddings", (65_536, 1024))
"""The largest: 268 MB of float32."""

KERNEL: Final = (4096, 4096)
BIAS: Final = (4096,)

ROADS: Final = (
    ("tf-checkpoint", "safetensors"),
    ("tf-checkpoint", "state-dict"),
    ("safetensors", "tf-checkpoint"),
    ("state-dict", "tf-checkpoint"),
)


def variables(gigabytes: float) -> Iterator[Variable]:
    """Those of a model with one large table and as many layers as it takes."""
    yield Variable(*TABLE, "float32")
    left, number = gigabytes * 1e9 - 4 * prod(TABLE[1]), 0
    while left > 0:
        yield Variable(f"layer_{number}/kernel", KERNEL, "float32")
        yield Variable(f"layer_{number}/bias", BIAS, "float32")
        left, number = left - 4 * prod(KERNEL), number + 1


def make(path: Path, format: str, gigabytes: float) -> None:
    """Random values, a variable at a time."""
    import numpy as np

    random = np.random.default_rng(0)
    wanted = {each.name: each for each in variables(gigabytes)}
    with write_weights(path, format, wanted) as sink:
        for name, each in wanted.items():
            sink.write(name, random.random(each.shape, np.float32))


def convert(source: Path, given: str, target: Path, wanted: str) -> dict[str, float]:
    """Carry every variable over, and tell what that took."""
    import h5py  # noqa: F401 - what a worker has imported before the step begins
    import numpy as np
    import tensorflow as tf  # noqa: F401
    import torch  # noqa: F401

    before = _resident("VmRSS")
    # 5 makes the peak begin anew: https://docs.kernel.org/filesystems/proc.html
    Path("/proc/self/clear_refs").write_text("5")
    begun = time.monotonic()
    with open_weights(source, given) as weights:
        turned = {
            name: Variable(name, each.shape[::-1], each.dtype)
            for name, each in weights.variables.items()
        }
        with write_weights(target, wanted, turned) as sink:
            for name, each in weights.variables.items():
                axes = tuple(reversed(range(len(each.shape))))
                sink.write(name, evaluate(Transpose(Read(name), axes), weights.read))
    took, peak = time.monotonic() - begun, _resident("VmHWM")
    with open_weights(source, given) as weights, open_weights(target, wanted) as result:
        name = f"layer_{len(weights.variables) // 2 - 1}/kernel"
        right = bool(np.array_equal(weights.read(name).T, result.read(name)))
    return {"before": before, "peak": peak, "seconds": took, "right": right}


def _resident(what: str) -> int:
    """Bytes, by a line of /proc/self/status."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise LookupError(what)


def main(gigabytes: float) -> None:
    """Print a line for each road; what was made is gone afterwards."""
    size = sum(4 * prod(each.shape) for each in variables(gigabytes))
    largest = 4 * prod(TABLE[1])
    bound = 2 * largest + ALLOWANCE
    print(f"{size / 1e9:.2f} GB of float32, the largest tensor {largest / MEGABYTE:.0f} MB")
    with tempfile.TemporaryDirectory(prefix="weights-") as folder:
        for given, wanted in ROADS:
            source, target = Path(folder) / f"{given}.source", Path(folder) / "target"
            if not source.exists():
                _child("make", str(source), given, str(gigabytes))
            told = json.loads(_child("convert", str(source), given, str(target), wanted))
            over = told["peak"] - told["before"]
            print(
                f"{given:>13} -> {wanted:<13} peak {over / MEGABYTE:5.0f} MB over the imports"
                f" ({told['before'] / MEGABYTE:.0f} MB), bound {bound / MEGABYTE:.0f} MB:"
                f" {'within' if over <= bound else 'ABOVE'}; {told['seconds']:.1f} s;"
                f" {'values right' if told['right'] else 'VALUES WRONG'}",
                flush=True,
            )
            _remove(target)


def _child(*arguments: str) -> str:
    command = [sys.executable, "-m", "bench.weights", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def _remove(path: Path) -> None:
    if path.is_dir():
        for each in path.iterdir():
            each.unlink()
        path.rmdir()
    else:
        path.unlink()


def _run(arguments: list[str]) -> Any:
    match arguments:
        case ["make", path, format, gigabytes]:
            make(Path(path), format, float(gigabytes))
        case ["convert", source, given, target, wanted]:
            print(json.dumps(convert(Path(source), given, Path(target), wanted)))
        case [gigabytes]:
            main(float(gigabytes))
        case _:
            main(2.0)


if __name__ == "__main__":
    _run(sys.argv[1:])
