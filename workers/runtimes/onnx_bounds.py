"""Bounds: which integer inputs of an ONNX graph index a table of known length."""

from typing import Any

THROUGH = {"Cast", "Identity", "Reshape", "Unsqueeze", "Squeeze", "Flatten", "Transpose", "Slice"}
"""Operators that hand integers on as they are, in their first argument."""


def bounds(model: Any) -> dict[str, int]:
    """By input name, the exclusive bound: the rows of the smallest table that it indexes."""
    tables = {each.name: tuple(each.dims) for each in model.graph.initializer}
    tables |= _constants(model)
    origin = {each.name: each.name for each in model.graph.input if each.name not in tables}
    found: dict[str, int] = {}
    for node in model.graph.node:
        if node.op_type in THROUGH and node.input and node.input[0] in origin:
            origin[node.output[0]] = origin[node.input[0]]
        if node.op_type == "Gather" and node.input[0] in tables and node.input[1] in origin:
            rows = tables[node.input[0]][_axis(node)]
            name = origin[node.input[1]]
            found[name] = min(rows, found.get(name, rows))
    return found


def _constants(model: Any) -> dict[str, tuple[int, ...]]:
    return {
        node.output[0]: tuple(attribute.t.dims)
        for node in model.graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.name == "value"
    }


def _axis(node: Any) -> int:
    return next((int(each.i) for each in node.attribute if each.name == "axis"), 0)
