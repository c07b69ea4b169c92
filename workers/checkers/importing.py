"""Importing: what an importer of our own has translations for, node by node."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.domain.coverage import Coverage, Gap
from shared.domain.errors import UnsupportedOperator
from workers.onnx_files.protos import read_proto
from workers.onnx_graph.covering import coverage
from workers.onnx_graph.light import calls
from workers.onnx_graph.nodes import Model
from workers.onnx_graph.registry import Registry


def covered(
    path: Path, read: Callable[[Path], Model], registry: Registry, *, target: str, by: str
) -> Coverage:
    """The answer for the ONNX file at `path`, subgraphs included.

    Args:
        read: the importer's own reader.
        target: the format that it is asked for.

    Raises:
        InvalidModel: the file is no sound graph.
    """
    try:
        model = read(path)
    except UnsupportedOperator as error:  # ONNX itself has no such operator: it ends there
        return _unread(read_proto(path), error, target, by)
    return coverage(model.graph, registry, target, by)


def _unread(proto: Any, error: UnsupportedOperator, target: str, by: str) -> Coverage:
    fault = error.fault
    gap = Gap(
        node=fault.node or "",
        operator=fault.operator or "",
        version=max((each.version for each in proto.opset_import), default=None),
        reason=fault.detail,
        hint="Export the model with standard operators. Nothing else of it was looked at.",
    )
    nodes = sum(1 for _ in calls(proto.graph))
    return Coverage(target=target, supported=False, by=by, nodes=nodes, covered=0, gaps=(gap,))
