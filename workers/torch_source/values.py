"""Values: what a program computes with, free of the exporter's own graph."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from typing_extensions import override


class Kind(Enum):
    """What a tensor of the model is to it."""

    PARAMETER = "parameter"
    BUFFER = "buffer"
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a module: its path (`blocks.0`; a later call of the same ends in `@1`) and
    the type that it had, as far as that is known."""

    path: str
    type: str

    @property
    def module(self) -> str:
        return self.path.partition("@")[0]


@dataclass(eq=False, slots=True)
class Input:
    """An argument of a function. `value` is an example: a fake tensor or a symbolic integer."""

    name: str
    value: Any


@dataclass(eq=False, slots=True)
class State:
    """A tensor that the model owns, under the name that its state_dict has for it."""

    path: str
    tensor: Any
    kind: Kind
    trained: bool = True

    @property
    def value(self) -> Any:
        return self.tensor


@dataclass(eq=False, slots=True, repr=False)
class Op:
    """One call of an operator. Operands lie in `args` and `kwargs`, at any depth of lists."""

    name: str
    target: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    calls: tuple[Call, ...]
    value: Any

    @override
    def __repr__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """`conv2d` of torch.ops.aten.conv2d.default; `operator.mul` of a function of Python."""
        if (packet := getattr(self.target, "_overloadpacket", None)) is not None:
            full = str(packet._qualified_op_name)  # noqa: SLF001 - torch has no public one
            return full.removeprefix("aten::")
        if (namespace := getattr(self.target, "namespace", None)) == "higher_order":
            return f"{namespace}.{self.target.name()}"
        module = self.target.__module__.removeprefix("_")
        return f"{module}.{self.target.__name__}"

    @property
    def overload(self) -> str:
        return str(getattr(self.target, "_overloadname", ""))

    @property
    def mutates(self) -> bool:
        schema = getattr(self.target, "_schema", None)
        return bool(schema is not None and schema.is_mutable)

    @property
    def is_size(self) -> bool:
        """Whether it computes with lengths only, and can be written again wherever it is used."""
        return self.key in {"sym_size", "sym_numel"} or (
            not hasattr(self.target, "_overloadpacket")
            and type(self.value).__name__ in {"SymInt", "SymFloat", "SymBool", "int", "float"}
        )

    def operands(self) -> Iterator[Any]:
        yield from leaves((self.args, self.kwargs))


Value = Input | State | Op


@dataclass(slots=True)
class Body:
    """A function inside a program: what a branch or a loop runs."""

    inputs: list[Input]
    ops: list[Op]
    outputs: Any


@dataclass(slots=True)
class Program:
    """A whole program. `outputs` is the structure that forward returns; `silent` are modules
    that did nothing when it was exported, by their path: (class, arguments)."""

    inputs: list[Input]
    ops: list[Op]
    outputs: Any
    states: list[State]
    root: str
    silent: dict[str, tuple[str, tuple[Any, ...]]] = field(default_factory=dict)

    @property
    def is_imported(self) -> bool:
        """Whether its modules are known by their names only, and not by classes of Python's."""
        return bool(self.root) and "." not in self.root


def leaves(given: Any) -> Iterator[Any]:
    """The values in nested lists, tuples and dicts, and those that function bodies take in."""
    if isinstance(given, Input | State | Op):
        yield given
    elif isinstance(given, list | tuple):
        for each in given:
            yield from leaves(each)
    elif isinstance(given, dict):
        for each in given.values():
            yield from leaves(each)
    elif isinstance(given, slice):
        yield from leaves((given.start, given.stop, given.step))
    elif isinstance(given, Body):
        own = {id(each) for each in (*given.inputs, *given.ops)}
        for op in given.ops:
            yield from (each for each in op.operands() if id(each) not in own)
        yield from (each for each in leaves(given.outputs) if id(each) not in own)


def mapped(given: Any, change: Callable[[Any], Any]) -> Any:
    """The same structure with each value changed; lists stay lists."""
    if isinstance(given, Input | State | Op):
        return change(given)
    if isinstance(given, list):
        return [mapped(each, change) for each in given]
    if isinstance(given, tuple):
        return tuple(mapped(each, change) for each in given)
    if isinstance(given, dict):
        return {key: mapped(each, change) for key, each in given.items()}
    return given
