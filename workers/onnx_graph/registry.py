"""The registry: one operator a file, found by its name when a graph has it.

A file `operators/gemm.py` registers every version of Gemm that it knows. Nothing imports all of
them: a model of ten operators loads ten files.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from keyword import iskeyword
from typing import Any, Final, get_type_hints

from workers.onnx_graph.kinds import Kind, kind_of

FOLDERS: Final[Mapping[str, str]] = {
    "": "operators",
    "ai.onnx": "operators",
    "ai.onnx.ml": "operators.ml",
    "ai.onnx.preview": "operators.preview",
    "ai.onnx.preview.training": "operators.training",
    "com.microsoft": "operators.microsoft",
    "modelferry": "operators.modelferry",
}
"""Below an importer's package, by the operator's domain."""

Reason = str

VARIADIC: Final = inspect.Parameter.VAR_POSITIONAL


@dataclass(frozen=True, slots=True)
class Translation:
    """What one operator does, from the version `since` on until a later one is registered.

    `apply` takes the node's inputs in order (an input that is left out is None) and its
    attributes by keyword, with the defaults of ONNX's schema; one that has neither a value nor
    a default is None. It is given only the attributes that it names, and `node` if it names
    that. It returns one value, or a tuple of as many as the schema has outputs at most.
    `refuses` says of a node what `apply` cannot do with it; None: nothing. What is `elementwise`
    does the same in every layout of its inputs' axes, as long as it is the same layout.
    """

    operator: str
    since: int
    apply: Callable[..., Any]
    kinds: tuple[Kind, ...]
    rest: Kind | None  # of the inputs beyond those, where there may be any number
    keywords: frozenset[str]
    refuses: Callable[[Any], Reason | None]
    elementwise: bool

    def kind(self, index: int) -> Kind:
        """How the input of that index is to be handed over."""
        if index < len(self.kinds):
            return self.kinds[index]
        return self.rest or Kind.TENSOR


def operator(
    name: str,
    *,
    since: int = 1,
    refuses: Callable[[Any], Reason | None] = lambda _: None,
    elementwise: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as what `name` does from that version of the operator on.

    May be repeated on one function for several operators or versions of one file.
    """

    def decorate(apply: Callable[..., Any]) -> Callable[..., Any]:
        hints = get_type_hints(apply, include_extras=True)
        taken = inspect.signature(apply).parameters.values()
        made = Translation(
            operator=name,
            since=since,
            apply=apply,
            kinds=tuple(
                kind_of(hints.get(each.name))
                for each in taken
                if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
            ),
            rest=next(
                (kind_of(hints.get(each.name)) for each in taken if each.kind is VARIADIC), None
            ),
            keywords=frozenset(
                each.name for each in taken if each.kind is inspect.Parameter.KEYWORD_ONLY
            ),
            refuses=refuses,
            elementwise=elementwise,
        )
        apply.__dict__.setdefault("translations", []).append(made)
        return apply

    return decorate


class Registry:
    """The operators of one importer. `package` is its dotted name."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find(self, domain: str, name: str, version: int) -> Translation | None:
        """The translation of an operator at that version; None where no file has it."""
        folder = FOLDERS.get(domain)
        if folder is None or not name.isidentifier():
            return None
        known = _translations(f"{self.package}.{folder}", _file(name))
        fitting = [each for each in known if each.operator == name and each.since <= version]
        return max(fitting, key=lambda each: each.since, default=None)


def _file(operator: str) -> str:
    """`LSTM` is in lstm.py, `If` in if_.py: `if` is a word of Python's."""
    name = operator.lower()
    return f"{name}_" if iskeyword(name) else name


@cache
def _translations(folder: str, file: str) -> tuple[Translation, ...]:
    if find_spec(folder) is None or find_spec(f"{folder}.{file}") is None:
        return ()
    module = import_module(f"{folder}.{file}")
    found: list[Translation] = []
    for each in vars(module).values():
        if inspect.isfunction(each) and each.__module__ == module.__name__:
            found.extend(each.__dict__.get("translations", ()))
    return tuple(found)
