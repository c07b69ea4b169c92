"""Arguments of an operator, by the names in its schema."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from workers.torch_source.values import Op

MISSING: Final = object()
"""Of an argument that has no default."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its value or its default, and whether it may go by position."""

    name: str
    value: Any
    default: Any
    keyword: bool
    type: str

    @property
    def is_default(self) -> bool:
        return self.default is not MISSING and _same(self.value, self.default)


def arguments(op: Op) -> dict[str, Argument]:
    """All arguments of the schema in order, those that were left out by their defaults."""
    return {each.name: each for each in _arguments(op)}


def _arguments(op: Op) -> Iterator[Argument]:
    for index, each in enumerate(op.target._schema.arguments):  # noqa: SLF001 - torch has no public one
        default = each.default_value if each.has_default_value() else MISSING
        given = index < len(op.args)
        value = op.args[index] if given else op.kwargs.get(each.name, default)
        yield Argument(each.name, value, default, each.kwarg_only, str(each.type))


def _same(value: Any, default: Any) -> bool:
    if isinstance(value, list | tuple) and isinstance(default, list | tuple):
        return list(value) == list(default)
    if isinstance(value, int | float) and isinstance(default, list):
        return default == [value]
    simple = bool | int | float | str | None
    return isinstance(value, simple) and isinstance(default, simple) and bool(value == default)
