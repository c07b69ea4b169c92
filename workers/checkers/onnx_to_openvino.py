"""What OpenVINO's reader takes of an ONNX model."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from shared.domain.coverage import Coverage, Gap
from shared.domain.formats import ONNX, OPENVINO
from workers.checker import Checker
from workers.onnx_bridge.skeletons import read
from workers.onnx_graph.light import calls
from workers.runtimes.openvino import last_words

STOPPED_AT: Final = re.compile(r"ONNX node '<Node\((?P<operator>\w+)\):? ?(?P<node>[^>']*)>'")
"""How the reader names the node whose inputs or attributes it does not take."""

LISTED: Final = re.compile(r"No conversion rule found for operations: (?P<names>[^\n]*)")
"""How it lists the operators that it has no rule for: `ai.onnx.ml.Scaler, FancyOp-1`."""

VERSION: Final = re.compile(r"-\d+$")

OWN_WORDS: Final = {
    "util::SequenceMark": "SequenceConstruct",
    "util::SequenceInsert": "SequenceInsert",
}

HINT: Final = (
    "Replace it by operators that OpenVINO has, or leave it to what runs before or after the"
    " model; `simplify: true` folds what is constant."
)


def check(path: Path, _options: Mapping[str, Any]) -> Coverage:
    """By reading the graph with it; nothing is compiled or run.

    Raises:
        InvalidModel: the file is no model.
    """
    import openvino

    source = read(path)
    nodes = list(calls(source.graph))
    gaps = tuple(_gaps(path, nodes, source))
    return Coverage(
        target=OPENVINO.name,
        supported=not gaps,
        by=f"OpenVINO {openvino.__version__.partition('-')[0]}",
        nodes=len(nodes),
        covered=len(nodes) - len(gaps),
        gaps=gaps,
    )


def _gaps(path: Path, nodes: list[Any], source: Any) -> Iterator[Gap]:
    import openvino

    try:
        openvino.Core().read_model(path)
    except RuntimeError as error:
        lacking = _listed(str(error))
        gaps = [_gap(each, source) for each in nodes if _title(each) in lacking]
        yield from gaps or [_stopped(error, nodes, source)]


def _listed(error: str) -> set[str]:
    found = LISTED.search(error)
    names = found["names"].split(",") if found else ()
    plain = {VERSION.sub("", each.strip()) for each in names}
    return {OWN_WORDS.get(each, each) for each in plain}


def _title(node: Any) -> str:
    return f"{node.domain}.{node.op_type}" if node.domain else str(node.op_type)


def _gap(node: Any, source: Any) -> Gap:
    return Gap(
        node=node.name or next(iter(node.output), ""),
        operator=_title(node),
        version=_version(source, node.domain),
        reason="OpenVINO's reader has no rule for it.",
        hint=HINT,
    )


def _stopped(error: RuntimeError, nodes: list[Any], source: Any) -> Gap:
    """Of an error that lists no operator of the model's: what it says, and where it stops."""
    found = STOPPED_AT.search(str(error))
    name = found["node"].strip() if found else ""
    at = next((each for each in nodes if name and name in {each.name, *each.output}), None)
    told = _gap(at, source) if at is not None else Gap(node=name, operator="", reason="")
    reason = f"OpenVINO's reader stops there: {last_words(error)}"
    return told.model_copy(update={"reason": reason, "hint": HINT})


def _version(source: Any, domain: str) -> int | None:
    opsets = {each.domain: each.version for each in source.opset_import}
    return opsets.get(domain, None if domain else opsets.get("ai.onnx"))


TO_OPENVINO: Final = Checker(
    source=ONNX, target=OPENVINO, version=1, check=check, packages=("onnx", "openvino")
)
