"""Load an exported program, with every door shut that the library leaves open."""

import os
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel, UnsupportedOperator
from workers.torch_files.archive import EXPORT_AGAIN, check_archive

FOREIGN: Final = re.compile(r'"(transformers(?:\.\w+)+)"')
"""Names of classes in a program's signature. Other packages are never imported for a file."""

WEIGHTS_ONLY = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
"""torch retries a refused pickle without refusing, unless this is set. It is read at each load."""


def load_program(path: Path) -> Any:
    """The torch.export.ExportedProgram in the file.

    Raises:
        InvalidModel: it cannot be loaded, or holds code.
        UnsupportedOperator: it calls an operator that this process does not have.
    """
    (program,) = check_archive(path)
    _check_operators(program)
    _register_classes(str(program["graph_module"].get("module_call_graph")))
    os.environ[WEIGHTS_ONLY] = "1"
    import torch

    try:
        with path.open("rb") as file:  # by name, only one that ends in .pt2 is taken
            return torch.export.load(file)
    except Exception as error:
        reason = [line for line in str(error).splitlines() if line.strip()] or [""]
        raise InvalidModel(
            f"torch.export.load refuses the file ({type(error).__name__}: {reason[0][:300]})."
            f" {EXPORT_AGAIN}"
        ) from error


def _check_operators(program: dict[str, Any]) -> None:
    """Operators of the user's own are registered by code that does not come with the file."""
    for node in _nodes(program):
        target = str(node.get("target", ""))
        if target.startswith("torch.ops.") and not _is_registered(target):
            name, operator = _node_name(node), target.removeprefix("torch.ops.")
            raise UnsupportedOperator(
                f"The node {name!r} calls {operator}, an operator that PyTorch does not have."
                " A custom operator cannot travel in a .pt2 file: write it with PyTorch's own.",
                node=name,
                operator=operator,
            )


def _nodes(part: Any) -> Iterator[dict[str, Any]]:
    """Nodes of the graph and of the graphs inside it."""
    if isinstance(part, dict):
        if "target" in part and "inputs" in part:
            yield part
        for value in part.values():
            yield from _nodes(value)
    elif isinstance(part, list):
        for each in part:
            yield from _nodes(each)


def _is_registered(target: str) -> bool:
    import torch

    here: Any = torch.ops
    for name in target.removeprefix("torch.ops.").split("."):
        try:
            here = getattr(here, name)
        except (AttributeError, RuntimeError):
            return False
    return True


def _node_name(node: dict[str, Any]) -> str:
    named = [next(iter(each.values())) for each in node.get("outputs", ()) if each]
    first = named[0] if named and isinstance(named[0], dict) else {}
    return str(node.get("name") or first.get("name") or "?")


def _register_classes(calls: str) -> None:
    """Import the modules of transformers whose classes the program takes or returns.

    They register themselves with torch when they are defined, and are part of the program's
    signature.
    """
    for name in sorted(set(FOREIGN.findall(calls))):
        module, _, kind = name.rpartition(".")
        try:
            found = hasattr(import_module(module), kind)
        except ImportError:
            found = False
        if not found:
            raise InvalidModel(
                f"The program takes or returns the class {name}, which this worker does not have."
                " Export a wrapper that returns plain tensors or a dict of them."
            )
