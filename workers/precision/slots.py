"""Slots: which inputs and outputs of a node may be 16-bit floats, as ONNX defines its operator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from workers.onnx_files.opsets import DEFAULT
from workers.onnxruntime_bridge.graphs import subgraphs
from workers.precision.targets import Half

FLOAT: Final = "tensor(float)"

GROUPED: Final = ("seq(", "optional(", "map(")
"""ONNX Runtime's names of types that hold tensors begin so."""

SCALED: Final = frozenset({"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"})
"""Their scales stay what calibration made them."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Indices of a node's inputs and outputs that can be lowered, or why it cannot be.

    `why` is empty for a node that has nothing to do with floats.
    """

    inputs: frozenset[int] = frozenset()
    outputs: frozenset[int] = frozenset()
    why: str = ""

    @property
    def lowerable(self) -> bool:
        return bool(self.inputs) and not self.why


def slots(node: Any, types: Mapping[str, str], half: Half, opset: int) -> Slots:
    """What of the node can be of the type `half`.

    Args:
        types: ONNX Runtime's names of all tensors' types.
        opset: of the standard operators.
    """
    floats = [name for name in (*node.input, *node.output) if types.get(name) == FLOAT]
    if next(subgraphs(node), None) is not None:
        return Slots(why="it holds a graph of its own")
    if not floats:
        return Slots()
    if why := _barred(node, types, half):
        return Slots(why=why)
    schema = _schema(node.op_type, opset)
    if schema is None:
        return Slots(why=f"opset {opset} does not define it")
    return _by_schema(node, types, half, schema)


def _barred(node: Any, types: Mapping[str, str], half: Half) -> str | None:
    if any(types.get(name, "").startswith(GROUPED) for name in (*node.input, *node.output)):
        return "it handles a sequence"
    if node.domain not in DEFAULT:
        return f"the domain {node.domain} does not say which types it takes"
    if node.op_type in SCALED:
        return "it is part of a quantisation"
    if node.op_type in half.refused:
        return f"TensorRT does not take it in {half.title}"
    return None


def _schema(operator: str, opset: int) -> Any:
    import onnx

    try:
        return onnx.defs.get_schema(operator, opset, "")
    except onnx.defs.SchemaError:
        return None


def _by_schema(node: Any, types: Mapping[str, str], half: Half, schema: Any) -> Slots:
    allowed = {each.type_param_str: each.allowed_type_strs for each in schema.type_constraints}
    inputs, letters = set(), set()
    for index, name in enumerate(node.input):
        letter = _letter(schema.inputs, index)
        if types.get(name) == FLOAT and half.onnx in allowed.get(letter, ()):
            inputs.add(index)
            letters.add(letter)
    if not inputs:
        takes = any(types.get(name) == FLOAT for name in node.input)
        return Slots(why=f"opset {schema.since_version} gives it no {half.title}" if takes else "")
    bound = {_letter(schema.inputs, index) for index, name in enumerate(node.input) if name}
    loose = [
        letter
        for index, name in enumerate(node.output)
        if types.get(name) == FLOAT
        and half.onnx in allowed.get(letter := _letter(schema.outputs, index), ())
        and letter not in bound
    ]
    if loose and node.op_type != "Cast":  # whose attribute says it
        return Slots(why="no input of it says which type all of its outputs have")
    outputs = {
        index
        for index, name in enumerate(node.output)
        if types.get(name) == FLOAT
        and (node.op_type == "Cast" or _letter(schema.outputs, index) in letters)
    }
    return Slots(frozenset(inputs), frozenset(outputs))


def _letter(formals: Any, index: int) -> str:
    """The type parameter of an argument; the last one stands for all that follow."""
    letter: str = formals[min(index, len(formals) - 1)].type_str
    return letter
