"""Faults of ONNX Runtime and of the ONNX checker, read for node and operator.

Both say it in prose only; the sentences below are theirs.
"""

import re
from typing import Final

from shared.domain.errors import FerryError, InvalidModel, UnsupportedOperator

NO_KERNEL: Final = re.compile(
    r"Could not find an implementation for (?P<operator>[\w.:]+)\(\d+\) node"
    r" with name '(?P<node>[^']*)'"
)
UNREGISTERED: Final = re.compile(r"(?P<operator>[\w.]+:\w+)\(-?\d*\) is not a registered function")
NO_SCHEMA: Final = re.compile(r"No (?:Op|op|schema) registered for (?P<operator>\w+)")
NO_TYPE: Final = re.compile(r"MLDataType for: \w+\((?P<dtype>\w+)\) is not currently registered")
NODE: Final = re.compile(
    r"[Nn]ode(?: name|\))?[:,]?\s*\(?[\"']?(?P<node>[\w./:\-]+)[\"']?(?:,\s*(?P<operator>\w+))?"
)


def read_fault(error: Exception) -> FerryError:
    """The error that says what ONNX Runtime or the checker found wrong."""
    text = str(error)
    for pattern in (NO_KERNEL, UNREGISTERED, NO_SCHEMA):
        if found := pattern.search(text):
            return _unsupported(found, text)
    if lacking := NO_TYPE.search(text):
        return InvalidModel(
            f"ONNX Runtime has no tensors of {lacking['dtype']}, so it cannot run the model, and"
            " nothing that is made of it could be verified. Write it with another type; complex"
            " numbers as their two parts."
        )
    found = NODE.search(text)
    parts = found.groupdict() if found else {}
    return InvalidModel(
        f"The ONNX graph is not valid: {_short(text)}",
        node=parts.get("node"),
        operator=parts.get("operator"),
    )


def _unsupported(found: re.Match[str], text: str) -> UnsupportedOperator:
    operator = found["operator"]
    parts = found.groupdict()
    named = None if "node" in parts else NODE.search(text)
    node = parts.get("node") or (named["node"] if named else None)
    where = f" (node {node!r})" if node else ""
    return UnsupportedOperator(
        f"ONNX Runtime has no implementation of the operator {operator}{where}, or none for"
        " the types that it meets there.",
        node=node,
        operator=operator,
    )


def _short(text: str) -> str:
    said = re.sub(r"Load model from \S+ failed:", "", text)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return " ".join(lines)[:400] or "no reason was given"
