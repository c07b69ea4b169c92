"""Exported programs, ended early."""

import operator
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from workers.localisation.graphs import Graph, Node
from workers.runtimes.pt2_load import load_program


class Pt2Cuts:
    """A program of torch.export. A node that gives several tensors keeps them together."""

    def __init__(self, path: Path) -> None:
        self._program = load_program(path)

    @cached_property
    def graph(self) -> Graph:
        given = self._program.graph_signature
        return Graph(
            nodes=tuple(_node(unit) for unit in self._units),
            inputs=frozenset(given.user_inputs),
            outputs=frozenset(name for name in given.user_outputs if isinstance(name, str)),
        )

    def weights(self) -> dict[str, str]:
        """The names of parameters and buffers, by those of the tensors that hold them."""
        given = self._program.graph_signature
        return {**given.inputs_to_parameters, **given.inputs_to_buffers}

    @cached_property
    def _units(self) -> list[list[Any]]:
        """Each call, and the parts that are taken from what it gives."""
        units: dict[str, list[Any]] = {}
        for node in self._program.graph.nodes:
            if node.target is operator.getitem and node.args[0].name in units:
                units[node.args[0].name].append(node)
            elif node.op.startswith("call_"):
                units[node.name] = [node]
        return list(units.values())

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {node.name: node.meta.get("val") for node in self._program.graph.nodes}

    def comparable(self, name: str) -> bool:
        import torch

        scalars = (torch.SymInt, torch.SymFloat, torch.SymBool, int, float, bool)
        return isinstance(self._values[name], (torch.Tensor, *scalars))

    def shown(self, names: Sequence[str]) -> list[str]:
        import torch

        return [name for name in names if isinstance(self._values[name], torch.Tensor)]

    def cut(self, position: int, names: Sequence[str], folder: Path) -> Path:
        import torch

        path = folder / "cut.pt2"
        torch.export.save(self._ended(position, names), path)
        return path

    def _ended(self, position: int, names: Sequence[str]) -> Any:
        """The program without the later units, which gives a dict of these tensors."""
        import copy

        from torch.export import ExportedProgram
        from torch.export.graph_signature import (
            ExportGraphSignature,
            OutputKind,
            OutputSpec,
            TensorArgument,
        )

        program = self._program
        graph = copy.deepcopy(program.graph)
        nodes = {node.name: node for node in graph.nodes}
        (end,) = (node for node in graph.nodes if node.op == "output")
        end.args = (tuple(nodes[name] for name in names),)
        later = {node.name for unit in self._units[position:] for node in unit}
        for node in reversed(list(graph.nodes)):
            if node.name in later or (node.op == "get_attr" and not node.users):
                graph.erase_node(node)
        signature = ExportGraphSignature(
            input_specs=list(program.graph_signature.input_specs),
            output_specs=[
                OutputSpec(OutputKind.USER_OUTPUT, TensorArgument(name=name), None)
                for name in names
            ],
        )
        return ExportedProgram(
            root=program.graph_module,
            graph=graph,
            graph_signature=signature,
            state_dict=program.state_dict,
            range_constraints=program.range_constraints,
            module_call_graph=[_call(program.module_call_graph[0], names)],
            example_inputs=program.example_inputs,
            constants=program.constants,
            verifiers=program.verifiers,
        )


def _call(entry: Any, names: Sequence[str]) -> Any:
    """The root's entry in the module call graph, for a dict of these tensors."""
    import dataclasses

    import torch

    pytree = torch.utils._pytree  # noqa: SLF001 - torch has no public one
    spec = pytree.tree_flatten(dict.fromkeys(names, 0))[1]
    return dataclasses.replace(
        entry, signature=dataclasses.replace(entry.signature, out_spec=spec)
    )


def _node(unit: list[Any]) -> Node:
    call = unit[0]
    stack = list((call.meta.get("nn_module_stack") or {}).values())
    place = str(stack[-1][0]) if stack else ""
    return Node(
        name=call.name,
        operator=str(call.target),
        reads=frozenset(each.name for each in call.all_input_nodes),
        makes=tuple(each.name for each in unit),
        place=place or None,
    )
