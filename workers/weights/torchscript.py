"""Weights of TorchScript, read from its archive; the code in it is never loaded."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from workers.weights import torch_pickles
from workers.weights.sections import Located, Section
from workers.weights.torch_pickles import Inert, Stored, attributes
from workers.weights.torch_zips import Members
from workers.weights.tying import ties
from workers.weights.variables import Layer

CLASS: Final = re.compile(r"^class (\w+)\(Module\):\n((?: .*\n|\n)*)", re.MULTILINE)
REGISTERED: Final = re.compile(r"__(?:parameters|buffers)__ = \[([^\]]*)\]")
MANGLED: Final = re.compile(r"\.?___torch_mangle_\d+")
PREFIX: Final = "__torch__."


def locate(path: Path) -> Located:
    """The parameters and buffers, by the names of `state_dict()`.

    Raises:
        InvalidModel: the archive is damaged.
    """
    members = Members(path)
    root = torch_pickles.load(BytesIO(members.read("data.pkl")))
    registered = dict(_registered(members))
    sections: dict[str, Section] = {}
    layers: dict[str, Layer] = {}
    for scope, module in _modules(root, ""):
        kind = MANGLED.sub("", module.kind)
        layers[scope] = Layer(kind.rpartition(".")[2], {})
        known = registered.get(module.kind)
        for name, value in attributes(module):
            if isinstance(value, Stored) and (known is None or name in known):
                full = f"{scope}.{name}" if scope else name
                sections[full] = members.section(full, "data", value)
    return Located(sections, ties=ties(sections), layers=layers)


def _modules(module: Inert, scope: str) -> Iterator[tuple[str, Inert]]:
    """Every module by where it is, parents first, in the order of definition."""
    yield scope, module
    for name, value in attributes(module):
        if isinstance(value, Inert) and value.kind.startswith(PREFIX):
            yield from _modules(value, f"{scope}.{name}" if scope else name)


def _registered(members: Members) -> Iterator[tuple[str, frozenset[str]]]:
    """By class, its parameters and buffers: a module may have tensors that are neither."""
    for name in members.names():
        if name.startswith("code/") and name.endswith(".py"):
            module = name.removeprefix("code/").removesuffix(".py").replace("/", ".")
            source = members.read(name).decode("utf-8", errors="replace")
            for found in CLASS.finditer(source):
                listed = ",".join(REGISTERED.findall(found[2]))
                names = frozenset(each.strip(' "') for each in listed.split(",")) - {""}
                yield f"{module}.{found[1]}", names
