"""Export: a module that walks a graph as an ExportedProgram, dimensions that vary kept."""

import inspect
import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import torch
from torch import nn
from torch.export import Dim, ExportedProgram
from torch.fx import traceback
from torch.fx.experimental.symbolic_shapes import is_concrete_int

from shared.domain.errors import BadSamples, FerryError, StepRefused
from shared.domain.signatures import Signature
from workers.onnx_graph.nodes import Port
from workers.onnx_torch.dtypes import TORCH
from workers.onnx_torch.framework import MARK
from workers.onnx_torch.importer import OnnxModule
from workers.onnx_torch.naming import scopes
from workers.verification.dims import BATCH, batch_names, lengths, shape_of

EXAMPLE_BATCHES: Final = (5, 3, 2, 1)
"""The first that the graph takes. 0 and 1 are special to torch.export, 2 and 3 are the lengths of
too many other things."""

Shapes = Mapping[str, tuple[int, ...]]


def export(module: OnnxModule, signature: Signature, *, dynamic: bool = True) -> ExportedProgram:
    """The module's program. It takes the graph's inputs under their names (as names of
    Python), and gives the output of a graph that has one, else a dict by the outputs' names.

    Args:
        signature: the graph's, whose named and unnamed dimensions may vary.
        dynamic: False fixes them at the lengths of the example.

    Raises:
        UnsupportedOperator: a node's translation cannot be exported; says which.
        StepRefused: torch cannot export the graph, or cannot keep a dimension open.
        BadSamples: no lengths could be found that the graph takes.
    """
    graph = module.model.graph
    _refuse_foreign((*graph.inputs, *graph.outputs))
    _refuse_unknown_ranks(signature)
    shapes, examples = _examples(module, signature)
    wrapped = _wrapped(module)
    with torch.no_grad(), traceback.preserve_node_meta():
        program = torch.export.export(
            wrapped,
            examples,
            dynamic_shapes=_open_axes(signature) if dynamic and examples else None,
            strict=False,
        )
    if dynamic:
        _refuse_fixed(program, signature, shapes)
    _mark_scopes(program, scopes(graph))
    return program


def _refuse_foreign(ports: Sequence[Port]) -> None:
    for port in ports:
        if port.kind != "tensor" or port.dtype not in TORCH:
            what = "tensor of strings" if port.kind == "tensor" else port.kind
            raise StepRefused(
                f"{port.name!r} is a {what}, which an exported program cannot take or give. Cut"
                " the graph before it.",
                node=port.name,
            )


def _refuse_unknown_ranks(signature: Signature) -> None:
    for each in signature.inputs:
        if each.shape is None:
            raise StepRefused(
                f"The ONNX model does not say how many axes its input {each.name!r} has: its rank"
                " is unknown, and a program has a rank for every input. Set the option"
                " input_shapes, with null for what may vary.",
                node=each.name,
            )


def _examples(module: OnnxModule, signature: Signature) -> tuple[Shapes, tuple[torch.Tensor, ...]]:
    """Inputs that the graph takes, run once: what fails eagerly fails with the node's name."""
    refused: FerryError | None = None
    for extents in _extents(signature):
        shapes = {each.name: shape_of(each, extents) for each in signature.inputs}
        inputs = tuple(_example(port, shapes[port.name]) for port in module.model.graph.inputs)
        try:
            with torch.no_grad():
                module(*inputs)
        except FerryError as error:
            refused = refused or error
        else:
            return shapes, inputs
    raise refused or BadSamples("No lengths could be found that the graph takes.")


def _extents(signature: Signature) -> Iterator[dict[str, int]]:
    names = sorted(batch_names(signature), key=lambda name: (name != BATCH, name))
    # Lengths that differ come first: equal ones would be taken for one and the same.
    varied = sorted(lengths(signature), key=lambda each: len(set(each.values())) < len(each))
    for batch in EXAMPLE_BATCHES if names else EXAMPLE_BATCHES[:1]:
        for extents in varied:
            yield extents | {name: batch + index for index, name in enumerate(names)}


def _example(port: Port, shape: tuple[int, ...]) -> torch.Tensor:
    dtype = TORCH[port.dtype or 0]
    if dtype.is_floating_point and dtype.itemsize > 1:
        return torch.rand(shape).to(dtype)
    return torch.zeros(shape, dtype=dtype)


def _wrapped(module: OnnxModule) -> nn.Module:
    """The module under another forward, whose parameters bear the names of the inputs."""
    graph = module.model.graph
    names = python_names([port.name for port in graph.inputs])
    outputs = [port.name for port in graph.outputs]

    def forward(_: Any, *inputs: Any) -> Any:
        made = OnnxModule.forward(module, *inputs)
        return made[0] if len(made) == 1 else dict(zip(outputs, made, strict=True))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    forward.__signature__ = inspect.Signature(  # type: ignore[attr-defined] # torch reads names there
        [inspect.Parameter(name, kind) for name in ("self", *names)]
    )
    # The same object, of a class of its own: its parameters keep their paths.
    module.__class__ = type("Model", (OnnxModule,), {"forward": forward})
    return module


def python_names(names: Sequence[str]) -> list[str]:
    """Names that forward's parameters can have, no two the same."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"\W", "_", name)
        if not plain.isidentifier() or keyword.iskeyword(plain) or plain == "self":
            plain = f"input_{plain}"
        while plain in found:
            plain += "_"
        found.append(plain)
    return found


def _open_axes(signature: Signature) -> Sequence[dict[int, Any]]:
    return tuple(
        {axis: Dim.AUTO for axis, dim in enumerate(each.shape or ()) if not isinstance(dim, int)}
        for each in signature.inputs
    )


def _refuse_fixed(program: ExportedProgram, signature: Signature, shapes: Shapes) -> None:
    """torch.export fixes a length where the graph compares it with a number, and says nothing."""
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    for name, each in zip(program.graph_signature.user_inputs, signature.inputs, strict=True):
        traced = values[str(name)].shape
        for axis, dim in enumerate(each.shape or ()):
            if isinstance(dim, int) or not is_concrete_int(traced[axis]):
                continue
            raise StepRefused(
                f"The axis {dim or axis} of input {each.name!r} may vary in the ONNX model, and a"
                f" program of it would take {shapes[each.name][axis]} only: the graph computes"
                " with that length as with a number. Set the option dynamic to false to have it"
                " fixed.",
                node=each.name,
            )


def _mark_scopes(program: ExportedProgram, where: Mapping[str, tuple[str, ...]]) -> None:
    """Say of each call which module it belongs to, as torch does for modules of its own."""
    for graph_module in program.graph_module.modules():
        for node in getattr(graph_module, "graph", program.graph).nodes:
            name = (node.meta.get("custom") or {}).get(MARK)
            node.meta.pop("custom", None)
            if name is None or "nn_module_stack" not in node.meta:
                continue
            scope = where.get(name, ())
            stack = {"": ("", "Model")}
            for depth in range(1, len(scope) + 1):
                path = ".".join(scope[:depth])
                stack[path] = (path, f"{_kind(scope[:depth])}.Module")
            node.meta["nn_module_stack"] = stack
            node.meta["onnx_node"] = name


def _kind(scope: tuple[str, ...]) -> str:
    """What a module is called whatever its number: `0` and `1` of `layers` are of one kind."""
    return next((part for part in reversed(scope) if not part.isdigit()), "item")
