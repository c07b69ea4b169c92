"""Paths: how a part of the model is called from the code of the module that holds it."""

import keyword
from functools import cache
from typing import Final

NUMBERED: Final = "layers"
"""Where parts go whose names are numbers, right below a class: no attribute is called so."""


def parts_of(path: str, owner: str = "") -> tuple[str, ...]:
    """The names on the way from the owner's module to the part, as its class has them."""
    names = path.removeprefix(owner).removeprefix(".").split(".")
    if names[0].isdigit() and len(names) > 0:
        names = [NUMBERED, *names]
    return tuple(each if each.isdigit() else attribute(each) for each in names)


@cache
def attribute(name: str) -> str:
    """The name as an attribute of an nn.Module."""
    from torch import nn

    clean = "".join(each if each.isalnum() or each == "_" else "_" for each in name)
    if not clean or clean[0].isdigit():
        clean = f"_{clean}"
    taken = keyword.iskeyword(clean) or hasattr(nn.Module, clean) or hasattr(nn.Module(), clean)
    return f"{clean}_" if taken else clean


def part_at(parts: tuple[str, ...]) -> str:
    """The expression for a module or a tensor in the code of its owner."""
    return "self" + "".join(f"[{each}]" if each.isdigit() else f".{each}" for each in parts)
