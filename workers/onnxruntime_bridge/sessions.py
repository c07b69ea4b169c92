"""Sessions of ONNX Runtime, on the CPU."""

import os
import tempfile
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import FerryError
from workers.onnxruntime_bridge.faults import read_fault
from workers.onnxruntime_bridge.graphs import fits
from workers.onnxruntime_bridge.widening import HALVES, mentions, widened

THREADS: Final = 2
"""Few, so that sums are added in the same order on every machine."""

ROUNDED: Final = "Its nodes of {kinds} were computed in float32 and rounded after each."
"""What ONNX Runtime's CPU has no kernels for, or none that round where a GPU's do."""


def start_any(path: Path, *, optimise: bool = True) -> tuple[Any, str | None]:
    """A session of any file, and a remark where it computes in another type than the file's.

    Nodes of 16-bit floats are computed in float32 and rounded, as a unit with float32
    accumulation does. Inputs and outputs of these types are float32 in the session.

    Raises:
        InvalidModel, UnsupportedOperator: ONNX Runtime refuses it.
    """
    import onnx

    skeleton = onnx.load(path, load_external_data=False)
    kinds = [kind for kind in HALVES if mentions(skeleton, {kind})]
    if not kinds:
        return start(path, optimise=optimise), None
    model = widened(onnx.load(path), kinds, rounded=True, keep_io=False)
    remark = ROUNDED.format(kinds=" and ".join(HALVES[kind] for kind in kinds))
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        wide = Path(folder) / "model.onnx"
        large = not fits(model)
        onnx.save(model, wide, save_as_external_data=large, location="model.onnx.data")
        return start(wide, optimise=optimise), remark


def start(path: Path, *, optimise: bool = True, flat: bool = False) -> Any:
    """ONNX Runtime's session of a file; unoptimised is enough to see that it would run.

    Args:
        flat: the file is of ONNX Runtime's own format, a flatbuffer.

    Raises:
        InvalidModel, UnsupportedOperator: ONNX Runtime refuses it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(THREADS, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    # Without VNNI, products of 8 bits saturate in 16 on the fast path: off by a quarter.
    options.add_session_config_entry("session.x64quantprecision", "1")
    if not optimise:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if flat:
        options.add_session_config_entry("session.load_model_format", "ORT")
    try:
        return onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        fault = read_fault(error)
        raise (fault if flat else _located(fault, path)) from error


def _located(error: FerryError, path: Path) -> FerryError:
    """The same error with the first node of its operator, where ONNX Runtime named none."""
    import onnx

    operator = error.fault.operator
    if error.fault.node or not operator:
        return error
    domain, _, kind = operator.rpartition(":")
    nodes = onnx.load(path, load_external_data=False).graph.node
    names = (node.name for node in nodes if (node.domain, node.op_type) == (domain, kind))
    if not (name := next(names, None)):
        return error
    detail = f"{error.fault.detail} It is the operator of the node {name!r}."
    return type(error)(detail, node=name, operator=operator)
