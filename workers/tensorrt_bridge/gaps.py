"""Gaps: the parser's errors, read for node, operator and reason."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from shared.domain.coverage import Gap
from workers.tensorrt_bridge.hints import hint

BROKEN: Final = {"MODEL_DESERIALIZE_FAILED", "INVALID_GRAPH"}
"""Codes that say that the file is no sound model at all."""

INPUT: Final = "Input"
"""Stands for the operator where the parser refuses an input of the model."""

BROADCASTING: Final = "Pre-opset 7 broadcasting"
"""What the parser says of these operators in models that are too old, and of no node."""

_BROADCAST: Final = frozenset(
    {"Add", "And", "Div", "Equal", "Gemm", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor"}
)

_ASSERTED: Final = re.compile(r"^Assertion failed: ")
_CALLED: Final = re.compile(r"Error Code \d+: [\w ]+ \((?P<said>.*)", re.DOTALL)
_WHERE: Final = re.compile(r"\s+In \w+( at .*)?$", re.DOTALL)
_TELLING: Final = 3
"""Letters of a name that is no chance word of a sentence."""

_KIND: Final = re.compile(r"\b(?P<operator>[A-Z]\w+) operation was not supported")

_FLOATS: Final = frozenset({"FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "FLOAT8E4M3FN"})
_TAKEN: Final = _FLOATS | {"INT64", "INT32", "INT8", "UINT8", "BOOL"}
"""Element types of ONNX that an input may have."""


class Fault(Gap):
    """A gap, with the parser's code for it and the index of its node in the graph."""

    code: str
    index: int


def read_gaps(parser: Any, path: Path) -> list[Fault]:
    """Everything that the parser complains of, each node once."""
    errors = [parser.get_error(index) for index in range(parser.num_errors)]
    found: dict[tuple[int, str], Fault] = {}
    for error in errors:
        fault = _fault(error, path)
        found.setdefault((fault.index, fault.node), fault)
    return list(found.values())


def reason(said: str) -> str:
    """A parser's description, without its source code, as a sentence."""
    if said.strip() in {"", "false"}:
        return "the parser has no implementation of it."
    called = _CALLED.search(said)
    text = _WHERE.sub("", called["said"]).rstrip(")") if called else said.splitlines()[0]
    if quoted := re.search(r'&& "(.*)"', text):
        text = quoted[1]
    elif _ASSERTED.match(text):
        text = _ASSERTED.sub("", text)
        text = text[text.index("): ") + 3 :] if "): " in text else text.rsplit(": ", 1)[-1]
    text = " ".join(text.split())[:300]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def mentioned(path: Path, said: str) -> tuple[str, str] | None:
    """Name and operator of the node that a builder's message speaks of.

    Builders name layers for the nodes that they come from, with more behind it; for a node
    without a name they write `node_of_` and its first output.
    """
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    named = [
        (each.name or f"node_of_{each.output[0]}", each.op_type)
        for each in _nodes(graph)
        if each.output
    ]
    for name, operator in sorted(named, key=lambda each: -len(each[0])):
        if len(name) >= _TELLING and re.search(rf"(?<![\w/.]){re.escape(name)}", said):
            return name, operator
    return None


def _nodes(graph: Any) -> Iterator[Any]:
    """Those of a graph and of the graphs inside of its nodes."""
    for each in graph.node:
        yield each
        for attribute in each.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def _fault(error: Any, path: Path) -> Fault:
    code = error.code().name
    said = reason(error.desc())
    node, operator = error.node_name(), error.node_operator()
    if not operator and code not in BROKEN:
        if BROADCASTING in said:
            node, operator = _first_of(path, _BROADCAST)
        else:
            operator = INPUT
            node, said = _strange_input(path) or ("", said)
    inside = _within(error)
    return Fault(
        node=node,
        operator=operator,
        reason=f"{said} It lies inside of {inside}." if inside else said,
        hint=hint(operator, said),
        code=code,
        index=error.node(),
    )


def _within(error: Any) -> str:
    """The nodes and functions around it, outermost first."""
    stack = error.local_function_stack() if hasattr(error, "local_function_stack") else ()
    return ", ".join(map(str, stack))


def _strange_input(path: Path) -> tuple[str, str] | None:
    """The first input of a type that cannot be taken, and a sentence on it."""
    import onnx

    for each in onnx.load(path, load_external_data=False).graph.input:
        name = onnx.TensorProto.DataType.Name(each.type.tensor_type.elem_type)
        if name not in _TAKEN:
            return each.name, f"no input can be of the type {name}."
    return None


def kind_mentioned(path: Path, said: str) -> tuple[str, str] | None:
    """Name and operator of the first node of the operator that a builder's message speaks of."""
    found = _KIND.search(said)
    node, operator = _first_of(path, frozenset({found["operator"]})) if found else ("", "")
    return (node, operator) if operator else None


def _first_of(path: Path, operators: frozenset[str]) -> tuple[str, str]:
    """Name and operator of the first node of one of those; empty where there is none."""
    import onnx

    nodes = _nodes(onnx.load(path, load_external_data=False).graph)
    found = ((each.name, each.op_type) for each in nodes if each.op_type in operators)
    return next(found, ("", ""))
