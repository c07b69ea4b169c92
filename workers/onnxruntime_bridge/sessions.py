"""Sessions of ONNX Runtime, on the CPU."""

import os
from pathlib import Path
from typing import Any, Final

from workers.onnxruntime_bridge.faults import read_fault

THREADS: Final = 2
"""Few, so that sums are added in the same order on every machine."""


def start(path: Path, *, optimise: bool = True) -> Any:
    """ONNX Runtime's session of a file; unoptimised is enough to see that it would run.

    Raises:
        InvalidModel, UnsupportedOperator: ONNX Runtime refuses it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(THREADS, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    if not optimise:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        return onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise read_fault(error) from error
