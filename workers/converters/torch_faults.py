"""What the exporters of PyTorch say when they fail, read for node and operator."""

import re
from collections.abc import Iterator
from typing import Final

from shared.domain.errors import FerryError, StepRefused, UnsupportedOperator

TRANSLATING: Final = re.compile(
    r"translating node %(?P<node>\w+) .*?target=(?:torch\.ops\.)?(?P<operator>[\w.:]+)", re.DOTALL
)
NO_FUNCTION: Final = re.compile(
    r"No ONNX function found for <OpOverload\(op='(?P<operator>[\w.:]+)'|"
    r"(?:operator|op) '?(?P<legacy>\w+::\w+)'? to ONNX opset version \d+ is not supported|"
    r"Exporting the operator '?(?P<other>\w+::\w+)'?"
)
SCOPE: Final = re.compile(r"%(?P<node>[\w./]+) : [^=]*= (?P<operator>\w+::\w+)")


def torch_fault(error: Exception) -> FerryError:
    """The error that names the node and the operator that an exporter could not translate."""
    texts = [str(each) for each in _chain(error)]
    missing = next((found for text in texts if (found := NO_FUNCTION.search(text))), None)
    node = next((found["node"] for text in texts if (found := TRANSLATING.search(text))), None)
    if missing:
        operator = missing["operator"] or missing["legacy"] or missing["other"]
        node = node or _scope(texts, operator)
        where = f" at the node {node!r}" if node else ""
        return UnsupportedOperator(
            f"The operator {operator}{where} has no translation to ONNX on this route.",
            node=node,
            operator=operator,
        )
    deepest = texts[-1].strip().splitlines() or [type(error).__name__]
    return StepRefused(f"The exporter failed: {deepest[0][:400]}", node=node)


def _scope(texts: list[str], operator: str) -> str | None:
    found = (each for text in texts for each in SCOPE.finditer(text))
    return next((each["node"] for each in found if each["operator"] == operator), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
