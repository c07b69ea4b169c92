"""Naming: what an option calls a tensor, a node or a dimension, found in the graph."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Final

from shared.domain.errors import InvalidOptions

MOST_NAMES: Final = 5
"""Names that a message shows."""

FIELD: Final = "options.outputs"


def tensors_named(model: Any, names: Sequence[str]) -> list[str]:
    """The tensors that the names stand for, in their order.

    A name is that of a tensor that a node of the outermost graph makes, or else that of a node,
    and stands for all of its outputs then.

    Raises:
        InvalidOptions: there is none of that name, or one comes up twice.
    """
    nodes = model.graph.node
    made = {output for node in nodes for output in node.output if output}
    outputs: dict[str, list[str]] = {}
    for node in nodes:
        if node.name:
            outputs.setdefault(node.name, []).extend(each for each in node.output if each)
    found: list[str] = []
    for name in names:
        if name in made:
            found.append(name)
        elif name in outputs:
            found += outputs[name]
        else:
            raise InvalidOptions(
                f"No node makes a tensor {name!r}, and none is called so.{nearest(name, made)}",
                field=FIELD,
            )
    for name in found:
        if found.count(name) > 1:
            raise InvalidOptions(f"The tensor {name!r} is named twice.", field=FIELD)
    return found


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence on the names that are most like it, or on some that there are."""
    names = sorted(known)
    close = get_close_matches(name, names, MOST_NAMES, 0.5)
    shown = ", ".join(map(repr, close or names[-MOST_NAMES:]))
    if not shown:
        return ""
    return f" Did you mean {shown}?" if close else f" There are {shown}."
