"""What a TorchScript graph says of its inputs: the file itself names neither shape nor dtype.

An input is known by the first operator that reads it together with a weight.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from shared.domain.signatures import Dim, Tensor

SPACE: Final = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}

THROUGH: Final = frozenset(
    "aten::" + name
    for name in (
        "to",
        "type_as",
        "relu",
        "contiguous",
        "add",
        "sub",
        "mul",
        "div",
        "clone",
        "sigmoid",
    )
)
"""Operators whose result has the shape of their first argument."""

Shapes = Sequence[tuple[Dim, ...]]


def guesses(module: Any) -> dict[str, list[Tensor] | None]:
    """By input, in order: what it may be, the likeliest first; None where nothing is known."""
    import torch

    frozen = torch.jit.freeze(module.eval()) if _has_weights(module) else module
    inputs = list(frozen.graph.inputs())[1:]
    return {_name(each.debugName()): _read(_name(each.debugName()), each) for each in inputs}


def names(module: Any) -> list[str]:
    """The names of forward's arguments."""
    return [each.name for each in module.forward.schema.arguments[1:]]


def _has_weights(module: Any) -> bool:
    return any(True for _ in module.parameters()) or any(True for _ in module.buffers())


def _name(debug: str) -> str:
    """`x.1` in the graph is `x` in the schema."""
    stem, _, number = debug.rpartition(".")
    return stem if stem and number.isdigit() else debug


def _read(name: str, value: Any) -> list[Tensor] | None:
    for use in value.uses():
        node = use.user
        reader = READERS.get(node.kind())
        if reader and (found := reader(name, value, node)):
            return found
        following = _following(node, use.offset)
        if following is not None and (found := _read(name, following)):
            return found
    return None


def _following(node: Any, offset: int) -> Any:
    """The value that goes on in the place of an argument: out of an operator, or of a branch."""
    if node.kind() in THROUGH and offset == 0:
        return node.output()
    if node.kind() == "prim::Return":
        branch = node.owningBlock().owningNode()
        if branch is not None and branch.kind() == "prim::If":
            return list(branch.outputs())[offset]
    return None


def _convolution(name: str, value: Any, node: Any) -> list[Tensor] | None:
    arguments = list(node.inputs())
    weight = _weight(arguments[1])
    if weight is None or not _same(arguments[0], value):
        return None
    transposed, groups = _convolution_kind(node)
    channels = weight.shape[0] if transposed else weight.shape[1] * groups
    return _tensors(name, weight, [("batch", channels, *SPACE[weight.dim() - 2])])


def _convolution_kind(node: Any) -> tuple[bool, int]:
    """Whether it is transposed, and its groups; `_convolution` has both as arguments."""
    values = [each.toIValue() for each in node.inputs()]
    if node.kind() == "aten::_convolution":
        return bool(values[6]), int(values[8])
    return (True, 1) if "transpose" in node.kind() else (False, int(values[6]))


def _linear(name: str, value: Any, node: Any) -> list[Tensor] | None:
    arguments = list(node.inputs())
    weight = _weight(arguments[1])
    if weight is None or not _same(arguments[0], value):
        return None
    features = weight.shape[1]
    return _tensors(name, weight, [("batch", features), ("batch", "length", features)])


def _embedding(name: str, value: Any, node: Any) -> list[Tensor] | None:
    arguments = list(node.inputs())
    table = _weight(arguments[0])
    if table is None or not _same(arguments[1], value):
        return None
    shapes: Shapes = [("batch", "length"), ("batch",)]
    return [Tensor(name=name, dtype="int64", shape=each, upper=len(table)) for each in shapes]


def _recurrent(name: str, value: Any, node: Any) -> list[Tensor] | None:
    arguments = list(node.inputs())
    if not _same(arguments[0], value):
        return None
    listed = arguments[2]
    parts = [_constant(each) for each in listed.node().inputs()]
    weights = _constant(listed) or parts
    if not weights or weights[0] is None:
        return None
    features, batch_first = weights[0].shape[1], arguments[-1].toIValue()
    shape = ("batch", "length", features) if batch_first else ("length", "batch", features)
    return _tensors(name, weights[0], [shape])


def _norm(name: str, value: Any, node: Any) -> list[Tensor] | None:
    arguments = list(node.inputs())
    weight = _weight(arguments[1])
    if weight is None or not _same(arguments[0], value):
        return None
    channels = weight.shape[0]
    spaces = [SPACE[2], (), SPACE[1], SPACE[3]]
    return _tensors(name, weight, [("batch", channels, *space) for space in spaces])


def _layer_norm(name: str, value: Any, node: Any) -> list[Tensor] | None:
    arguments = list(node.inputs())
    weight = _weight(arguments[2])
    if weight is None or not _same(arguments[0], value):
        return None
    lengths = tuple(weight.shape)
    return _tensors(name, weight, [("batch", "length", *lengths), ("batch", *lengths)])


Reader = Callable[[str, Any, Any], list[Tensor] | None]

READERS: Final[Mapping[str, Reader]] = {
    "aten::_convolution": _convolution,
    "aten::conv1d": _convolution,
    "aten::conv2d": _convolution,
    "aten::conv3d": _convolution,
    "aten::conv_transpose1d": _convolution,
    "aten::conv_transpose2d": _convolution,
    "aten::conv_transpose3d": _convolution,
    "aten::linear": _linear,
    "aten::embedding": _embedding,
    "aten::lstm": _recurrent,
    "aten::gru": _recurrent,
    "aten::rnn_tanh": _recurrent,
    "aten::rnn_relu": _recurrent,
    "aten::batch_norm": _norm,
    "aten::layer_norm": _layer_norm,
}


def _weight(value: Any) -> Any:
    """The tensor of a constant of the frozen graph; None where it is computed."""
    import torch

    constant = _constant(value)
    return constant if isinstance(constant, torch.Tensor) else None


def _constant(value: Any) -> Any:
    return value.toIValue() if value.node().kind() == "prim::Constant" else None


def _same(one: Any, other: Any) -> bool:
    return bool(one.debugName() == other.debugName())


def _tensors(name: str, weight: Any, shapes: Shapes) -> list[Tensor]:
    dtype = str(weight.dtype).removeprefix("torch.")
    return [Tensor(name=name, dtype=dtype, shape=each) for each in shapes]
