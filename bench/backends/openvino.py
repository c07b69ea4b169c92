"""OpenVINO on a backend case, in float32 where it would choose less."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

PRELOAD: Final = ("openvino",)


def run_model(path: Path) -> Callable[[Sequence[Any]], list[Any]]:
    """Its reader of ONNX and its CPU plugin."""
    import openvino

    core = openvino.Core()
    config = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    compiled = core.compile_model(core.read_model(str(path)), "CPU", config)

    def run(inputs: Sequence[Any]) -> list[Any]:
        taken = len(compiled.inputs)  # its reader drops inputs that nothing depends on
        given = [each.copy() if hasattr(each, "copy") else each for each in inputs[:taken]]
        results = compiled(given)
        return [results[each] for each in compiled.outputs]

    return run
