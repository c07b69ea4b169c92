"""ONNX Runtime on a backend case, through numpy: what that has no name for it does not take."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

PRELOAD: Final = ("onnxruntime",)


def run_model(path: Path) -> Callable[[Sequence[Any]], list[Any]]:
    """A session on the CPU, its optimisations as they come."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    fed = [*session.get_inputs(), *session.get_overridable_initializers()]

    def run(inputs: Sequence[Any]) -> list[Any]:
        return list(
            session.run(None, {each.name: value for each, value in zip(fed, inputs, strict=False)})
        )

    return run
