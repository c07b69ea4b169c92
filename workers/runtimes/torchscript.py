"""TorchScript, run by PyTorch on the CPU."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray
from typing_extensions import override

from shared.domain.errors import InvalidModel, UnsupportedOperator
from shared.domain.formats import TORCHSCRIPT, Format
from shared.domain.signatures import Inspection
from workers.runtime import Arrays, Given, Runtime, Session
from workers.runtimes.branching import branches
from workers.runtimes.output_names import joined, unique
from workers.runtimes.torchscript_guess import names
from workers.runtimes.torchscript_probe import Call, probe
from workers.torch_files.arrays import from_torch, to_torch


class TorchscriptRuntime(Runtime):
    """What torch.jit.save writes. Its inputs are found out by running it: see the probe."""

    format: ClassVar[Format] = TORCHSCRIPT
    packages: ClassVar[tuple[str, ...]] = ("torch",)

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        module = load_script(path)
        signature = probe(module, caller(module), given).signature
        called = [kind for kind in kinds(module.inlined_graph) if kind.startswith("aten::")]
        return Inspection(
            format=self.format.name,
            signature=signature,
            parameters=sum(each.numel() for each in module.parameters()),
            operators=dict(Counter(called).most_common()),
            producer="torch.jit",
        )

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        module = load_script(path)
        call = caller(module)
        signature = probe(module, call, given).signature
        order = [each.name for each in signature.inputs]

        def run(inputs: Arrays) -> dict[str, NDArray[Any]]:
            outputs = call([to_torch(inputs[name]) for name in order])
            return {name: from_torch(tensor) for name, tensor in outputs}

        yield Session(signature, run, branches=branches(kinds(module.inlined_graph)))


def kinds(block: Any) -> Iterator[str]:
    """The operators of a graph and of the blocks inside it."""
    for node in block.nodes():
        yield node.kind()
        for inner in node.blocks():
            yield from kinds(inner)


def load_script(path: Path) -> Any:
    """The module in evaluation mode.

    Raises:
        InvalidModel: it cannot be loaded, or takes other things than tensors.
        UnsupportedOperator: it calls an operator that this process does not have.
    """
    import torch

    try:
        module = torch.jit.load(path, map_location="cpu").eval()
    except Exception as error:
        if found := re.search(r"Unknown builtin op: (\w+::\w+)", str(error)):
            raise UnsupportedOperator(
                f"The module calls {found[1]}, an operator that PyTorch does not have. A custom"
                " operator cannot travel in a TorchScript file.",
                operator=found[1],
            ) from error
        lines = [line for line in str(error).splitlines() if line.strip()] or [""]
        raise InvalidModel(
            f"torch.jit.load refuses the file: {lines[0][:300]} Save it again with"
            " torch.jit.trace or torch.jit.script and torch.jit.save."
        ) from error
    for argument in module.forward.schema.arguments[1:]:
        if str(argument.type) != "Tensor":
            raise InvalidModel(
                f"The module's input {argument.name!r} is a {argument.type}; only tensors can be"
                " given to it. Script a wrapper that takes tensors.",
                node=argument.name,
            )
    if not names(module):
        raise InvalidModel("The module takes no input.")
    return module


def caller(module: Any) -> Call:
    """A function of tensors in order, which names the output tensors that come back."""
    import torch

    def call(tensors: Sequence[Any]) -> list[tuple[str, Any]]:
        with torch.inference_mode():
            return list(named_outputs(module(*tensors)))

    return call


def named_outputs(given: Any) -> Iterator[tuple[str, Any]]:
    """`output` for a lone tensor, a dict's keys, a tuple's positions; nested ones joined."""
    import torch

    if isinstance(given, torch.Tensor):
        yield "output", given
        return
    leaves = list(_leaves(given))
    names_given = unique([joined(path) for path, _ in leaves])
    yield from zip(names_given, (tensor for _, tensor in leaves), strict=True)


def _leaves(given: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    import torch

    if isinstance(given, torch.Tensor):
        yield path, given
    elif isinstance(given, dict):
        for key, value in given.items():
            yield from _leaves(value, (*path, str(key)))
    elif isinstance(given, list | tuple):
        for index, value in enumerate(given):
            yield from _leaves(value, (*path, str(index)))
