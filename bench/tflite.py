"""How fast our TensorFlow Lite of ResNet-18 is, beside litert-torch's of the same weights.

`python -m bench.tflite [--rounds N]`: both are made here, and timed in turns by one interpreter
of the same settings (XNNPACK, two threads), so that what else the machine does meets both alike.
The two are held against PyTorch first.
"""

import argparse
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.resnet18 import SIDE, resnet18

THREADS: Final = 2
WARM: Final = 3


@dataclass
class _Bench:
    """What a converter needs of its bench, without a worker around it."""

    source: Path
    target: Path
    folder: Path
    options: Any
    samples: None = None
    notes: dict[str, Any] = field(default_factory=dict)

    def say(self, message: str, *, progress: float | None = None) -> None:
        """Nobody listens."""

    def note(self, **facts: Any) -> None:
        self.notes.update(facts)


def ours(model: Any, example: Any, folder: Path) -> Path:
    """Through ONNX and a SavedModel."""
    import torch

    from workers.converters import onnx_to_savedmodel, savedmodel_to_tflite

    onnx, saved, lite = folder / "model.onnx", folder / "saved", folder / "ours.tflite"
    torch.onnx.export(model, (example,), str(onnx), dynamo=False, input_names=["image"])
    steps = (
        (onnx_to_savedmodel.convert, onnx, saved),
        (savedmodel_to_tflite.convert, saved, lite),
    )
    for edge, source, target in steps:
        edge.convert(_Bench(source, target, folder, edge.options()))  # type: ignore[arg-type] # of one edge each
    return lite


def theirs(model: Any, example: Any, folder: Path) -> Path:
    """By litert-torch."""
    import litert_torch

    path = folder / "litert.tflite"
    litert_torch.convert(model, (example,)).export(str(path))
    return path


def runner(path: Path, image: Any) -> Callable[[], Any]:
    """A call that answers with the output."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=THREADS)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]["index"]
    end = interpreter.get_output_details()[0]["index"]

    def run() -> Any:
        interpreter.set_tensor(entry, image)
        interpreter.invoke()
        return interpreter.get_tensor(end)

    return run


def operators(path: Path) -> Counter[str]:
    """Of a file, by how often it has them."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path))
    return Counter(each["op_name"] for each in interpreter._get_ops_details())  # noqa: SLF001 - no public list


def main() -> None:
    import numpy as np
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    model, example = resnet18(), torch.randn(1, 3, SIDE, SIDE)
    expected = model(example).detach().numpy()
    image = example.numpy()
    with tempfile.TemporaryDirectory() as folder:
        paths = {
            "ours": ours(model, example, Path(folder)),
            "litert-torch": theirs(model, example, Path(folder)),
        }
        runs = {name: runner(path, image) for name, path in paths.items()}
        for name, path in paths.items():
            error = np.abs(runs[name]() - expected).max() / np.abs(expected).max()
            print(f"{name}: error {error:.1e}, {dict(operators(path).most_common())}")
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + WARM):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            if number >= WARM:
                times[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(each) * 1e3 for name, each in times.items()}
    print(", ".join(f"{name} {each:.1f} ms" for name, each in medians.items()))
    print(f"ratio {medians['ours'] / medians['litert-torch']:.3f}")


if __name__ == "__main__":
    main()
