"""Faults: what TensorFlow's MLIR converter says, as what the model's owner can do.

Source: tensorflow/lite/python/convert.py, tensorflow/compiler/mlir/lite/flatbuffer_export.cc.
"""

import re
from collections.abc import Mapping
from typing import Final

from shared.domain.errors import FerryError, StepRefused, UnsupportedOperator
from workers.tflite_bridge.refusing import select_tf

SELECTS: Final = re.compile(r"^\s*TF Select ops: (.+)$", re.MULTILINE)
CUSTOMS: Final = re.compile(r"^\s*Custom ops: (.+)$", re.MULTILINE)
NEITHER: Final = re.compile(r"'tf\.(\w+)' op is neither a custom op nor a flex op")
ILLEGAL: Final = re.compile(r"failed to legalize operation '(?:tf|tfl)\.(\w+)'")
ON_NODE: Final = re.compile(r"error: '(?:tf|tfl)\.(\w+)' op (.+)")
NODE: Final = re.compile(r'fused\["(\w+):", "([^"@]+)@?')
LISTS: Final = re.compile(r"TensorList\w*")


def read_fault(error: Exception) -> FerryError:
    """The converter's exception as a fault that names the operator and, where told, the node."""
    if isinstance(error, FerryError):
        return error
    said = str(error)
    places = dict(NODE.findall(said))
    return (
        _of_lists(said, places)
        or _of_gaps(said, places)
        or StepRefused(f"TensorFlow Lite cannot hold this model: {_line(said)}")
    )


def _of_lists(said: str, places: Mapping[str, str]) -> FerryError | None:
    found = LISTS.search(said)
    if found is None:
        return None
    return UnsupportedOperator(
        "TensorFlow Lite cannot hold the list of tensors that a recurrent layer or a loop keeps"
        " where its batch may vary. Build the layer with unroll=True, or export the model for a"
        " fixed batch.",
        node=places.get(found.group()),
        operator=found.group(),
    )


def _of_gaps(said: str, places: Mapping[str, str]) -> FerryError | None:
    """Custom ones first: they cannot be had at all."""
    if customs := _listed(CUSTOMS, said):
        return UnsupportedOperator(
            f"TensorFlow Lite has no operator for {', '.join(customs)}, neither its own nor one"
            " of TensorFlow's. Replace the layers that make them.",
            node=places.get(customs[0]),
            operator=customs[0],
        )
    if selects := _listed(SELECTS, said):
        return select_tf(selects, places.get(selects[0]))
    if found := NEITHER.search(said) or ILLEGAL.search(said):
        return select_tf([found.group(1)], places.get(found.group(1)))
    if found := ON_NODE.search(said):
        operator, why = found.groups()
        return UnsupportedOperator(
            f"TensorFlow's compiler cannot lower {operator}: {why[:300]}",
            node=places.get(operator),
            operator=operator,
        )
    return None


def _listed(pattern: re.Pattern[str], said: str) -> list[str]:
    found = pattern.search(said)
    return [each.strip() for each in found.group(1).split(",")] if found else []


def _line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line]
    return (errors or lines or ["it does not say why"])[0][-300:]
