"""Parts: what a module is made of in its constructor."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from workers.torch_source.values import State

NO_DEFAULT: Any = object()


@dataclass(frozen=True, slots=True)
class Setting:
    """An argument of a constructor. `named` ones are written `name=value`, and left out where
    the value is the default."""

    name: str
    value: Any
    default: Any = NO_DEFAULT
    named: bool = True


@dataclass(eq=False, slots=True)
class Layer:
    """A module of torch.nn. `tensors` are its parameters and buffers by their own names."""

    kind: str
    settings: tuple[Setting, ...] = ()
    tensors: dict[str, State] = field(default_factory=dict)
    tied: dict[str, State] = field(default_factory=dict)
    """Parameters that are another module's, too."""


@dataclass(eq=False, slots=True)
class Holder:
    """A place for parts below one name that has no forward of its own."""

    parts: "dict[str, Part]" = field(default_factory=dict)
    path: str = ""

    @property
    def is_list(self) -> bool:
        return bool(self.parts) and all(name.isdigit() for name in self.parts)


@dataclass(eq=False, slots=True)
class Chain:
    """An nn.Sequential: parts one after the other."""

    parts: "dict[str, Part]"


@dataclass(eq=False, slots=True)
class Unit:
    """A module with a class of its own, or one that it shares."""

    parts: "dict[str, Part]"
    path: str
    type: str
    arguments: list[str]
    lines: list[str]
    """The body of forward, with its numbers marked; empty for one that only holds."""
    returns: str


Part = Layer | Holder | Chain | Unit | State


def below(part: Part) -> "dict[str, Part]":
    return {} if isinstance(part, Layer | State) else part.parts


def states(part: Part, prefix: str = "") -> Iterator[tuple[str, State]]:
    """Every tensor that is in the part, under its name in the state_dict."""
    if isinstance(part, State):
        yield prefix, part
    elif isinstance(part, Layer):
        for name, state in part.tensors.items():
            yield f"{prefix}.{name}", state
    else:
        for name, each in part.parts.items():
            yield from states(each, f"{prefix}.{name}" if prefix else name)
