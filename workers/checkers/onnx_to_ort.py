"""What ONNX Runtime has kernels for of an ONNX model."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from shared.domain.coverage import Coverage, Gap
from shared.domain.formats import ONNX, ORT
from workers.checker import Checker
from workers.onnx_bridge.skeletons import read
from workers.onnxruntime_bridge.faults import read_fault
from workers.tensorrt_bridge.pieces import Whole

MOST_QUESTIONS: Final = 2000
"""Nodes that are asked for one by one; a larger model is told of by its first fault."""

HINT: Final = (
    "Replace it by operators that ONNX Runtime has, or give it inputs of float32; `opset` writes"
    " the model in another version of ONNX."
)


def check(path: Path, _options: Mapping[str, Any]) -> Coverage:
    """By loading the model, and where that fails each of its nodes alone; nothing is run.

    Raises:
        InvalidModel: the file is no sound graph.
    """
    import onnxruntime

    whole = Whole(read(path), path)
    gaps = tuple(_gaps(whole, path))
    return Coverage(
        target=ORT.name,
        supported=not gaps,
        by=f"ONNX Runtime {onnxruntime.__version__}",
        nodes=len(whole.nodes),
        covered=len(whole.nodes) - len(gaps),
        gaps=gaps,
    )


def _gaps(whole: Whole, path: Path) -> Iterator[Gap]:
    failed = _refused(str(path))
    if failed is None:
        return
    found = list(_alone(whole)) if len(whole.nodes) <= MOST_QUESTIONS else []
    if found:
        yield from found
        return
    fault = read_fault(failed).fault
    yield Gap(
        node=fault.node or "",
        operator=fault.operator or "",
        version=_version(whole, ""),
        reason=fault.detail,
        hint=HINT,
    )


def _alone(whole: Whole) -> Iterator[Gap]:
    for index, node in enumerate(whole.nodes):
        piece = whole.piece([index])
        failed = None if piece is None else _refused(piece)
        if failed is not None:
            yield Gap(
                node=node.name or next(iter(node.output), ""),
                operator=f"{node.domain}.{node.op_type}" if node.domain else node.op_type,
                version=_version(whole, node.domain),
                reason=read_fault(failed).fault.detail,
                hint=HINT,
            )


def _refused(model: str | bytes) -> Exception | None:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    try:
        onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - it has no types for what it does not take
        return error
    return None


def _version(whole: Whole, domain: str) -> int | None:
    opsets = {each.domain: each.version for each in whole.model.opset_import}
    return opsets.get(domain, None if domain else opsets.get("ai.onnx"))


TO_ORT: Final = Checker(
    source=ONNX, target=ORT, version=1, check=check, packages=("onnx", "onnxruntime")
)
