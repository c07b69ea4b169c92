"""TorchScript, ended early. Modules of it cannot be listened to: it runs without Python."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from workers.localisation.graphs import Graph, Node
from workers.runtimes.torchscript import load_script

SILENT: Final = ("prim::Constant", "prim::GetAttr")
"""Operators that compute nothing."""

SELF: Final = "self."
"""What the names of weights begin with."""

NUMBERS: Final = frozenset({"int", "float", "bool", "int[]", "float[]", "bool[]"})


class TorchscriptCuts:
    """The module's graph with all that it calls inlined and its weights as constants. Nodes with
    blocks in them (branches, loops) stay whole."""

    def __init__(self, path: Path) -> None:
        import torch

        frozen = torch.jit.freeze(load_script(path), optimize_numerics=False)
        self._graph = frozen.graph
        self._nodes = [each for each in self._graph.nodes() if each.kind() not in SILENT]
        self._types = {
            value.debugName(): value.type() for node in self._nodes for value in node.outputs()
        }

    @cached_property
    def graph(self) -> Graph:
        return Graph(
            nodes=tuple(map(_node, self._nodes)),
            inputs=frozenset(each.debugName() for each in list(self._graph.inputs())[1:]),
            outputs=frozenset(_leaves(self._graph)),
        )

    def weights(self) -> dict[str, str]:
        """The names of parameters and buffers, by those of the constants that hold them."""
        names = (name for node in self._nodes for name in _reads(node))
        return {name: name.removeprefix(SELF) for name in names if name.startswith(SELF)}

    def comparable(self, name: str) -> bool:
        return self._is_tensor(name) or str(self._types[name]) in NUMBERS

    def shown(self, names: Sequence[str]) -> list[str]:
        return [name for name in names if self._is_tensor(name)]

    def _is_tensor(self, name: str) -> bool:
        return bool(self._types[name].isSubtypeOf(_tensor_type()))

    def cut(self, position: int, names: Sequence[str], folder: Path) -> Path:  # noqa: ARG002 - what the outputs do not need is dropped
        import torch

        graph = self._graph.copy()
        # A copy numbers its values anew: they are told by the places of their nodes.
        pairs = zip(self._graph.nodes(), graph.nodes(), strict=True)
        made = {
            here.debugName(): there
            for node, copy in pairs
            for here, there in zip(node.outputs(), copy.outputs(), strict=True)
        }
        values = [made[name] for name in names]
        (result,) = values if len(values) == 1 else (_together(graph, values),)
        graph.eraseOutput(0)
        graph.registerOutput(result)
        torch._C._jit_pass_dce(graph)  # noqa: SLF001 - torch has no public one
        graph.eraseInput(0)  # the module, whose weights are constants
        path = folder / "cut.pt"
        torch._C._create_function_from_graph("forward", graph).save(str(path))  # noqa: SLF001 - nor of this
        return path


def _together(graph: Any, values: Sequence[Any]) -> Any:
    """The tuple of these."""
    import torch

    node = graph.appendNode(graph.create("prim::TupleConstruct", list(values)))
    made = node.output()
    made.setType(torch._C.TupleType([each.type() for each in values]))  # noqa: SLF001 - torch has no public one
    return made


def _tensor_type() -> Any:
    import torch

    return torch._C.TensorType.get()  # noqa: SLF001 - torch has no public one


def _leaves(graph: Any) -> list[str]:
    return [each.debugName() for each in graph.outputs()]


def _node(node: Any) -> Node:
    makes = tuple(each.debugName() for each in node.outputs())
    return Node(
        name=next(iter(makes), node.kind()),
        operator=node.kind(),
        reads=frozenset(_reads(node)),
        makes=makes,
        place=_place(node),
    )


def _reads(node: Any) -> list[str]:
    """Also what the blocks inside of it read."""
    found = [each.debugName() for each in node.inputs()]
    for block in node.blocks():
        found += [each.debugName() for each in block.outputs()]
        for inner in block.nodes():
            found += _reads(inner)
    return found


def _place(node: Any) -> str | None:
    """The module whose weights it reads: those are called `self.encoder.0.weight`."""
    for each in node.inputs():
        name = str(each.debugName())
        if name.startswith(SELF) and name.count(".") > 1:
            return name.removeprefix(SELF).rpartition(".")[0]
    return None
