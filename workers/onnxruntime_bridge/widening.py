"""Widening: a graph of 16-bit floats, brought up to float32.

Rounded after every node it computes what a unit of that type with float32 accumulation does;
not rounded, it is a float32 graph.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from workers.onnxruntime_bridge.graphs import graphs

FLOAT: Final = 1
HALVES: Final = {10: "float16", 16: "bfloat16"}
"""Element types, as TensorProto numbers them."""

NAMING: Final = frozenset({"to", "dtype", "output_dtype"})
"""Attributes that name an element type."""


def mentions(model: Any, kinds: Collection[int]) -> bool:
    """Whether the model declares, holds or makes a tensor of those element types."""
    return any(
        any(each.data_type in kinds for each in graph.initializer)
        or any(_kind(each) in kinds for each in _declared(graph))
        or any(_makes(node, kinds) for node in graph.node)
        for graph in graphs(model.graph)
    )


def widened(model: Any, kinds: Collection[int], *, rounded: bool, keep_io: bool) -> Any:
    """The model in float32 where it was of those kinds. Its weights must be in memory.

    Args:
        rounded: round to the old kind after every node that made a tensor of it.
        keep_io: leave inputs and outputs of the graph as they are, with Casts inside.
    """
    from onnx import inliner

    if model.functions:
        model = inliner.inline_local_functions(model)
    types = _types(model)
    ends = _kept_ends(model, kinds) if keep_io else {}
    for graph in graphs(model.graph):
        for weight in graph.initializer:
            if weight.data_type in kinds:
                weight.CopyFrom(_wide(weight))
        for value in _declared(graph):
            _widen_type(value.type, kinds)
        for node in graph.node:
            _widen_attributes(node, kinds)
        if rounded:
            _round(graph, types, kinds)
    _restore_ends(model.graph, ends)
    return model


def _types(model: Any) -> dict[str, int]:
    """Element types of all tensors by name, as far as ONNX infers them."""
    import onnx

    skeleton = onnx.ModelProto()
    skeleton.CopyFrom(model)
    for graph in graphs(skeleton.graph):
        for weight in graph.initializer:
            if len(weight.raw_data) > 1 << 16:  # inference wants shapes, never weights
                weight.ClearField("raw_data")
                weight.data_location = onnx.TensorProto.EXTERNAL
                weight.external_data.add(key="location", value="elsewhere")
    inferred = onnx.shape_inference.infer_shapes(skeleton)
    return {
        value.name: _kind(value) for graph in graphs(inferred.graph) for value in _declared(graph)
    }


def _declared(graph: Any) -> Iterator[Any]:
    yield from graph.input
    yield from graph.output
    yield from graph.value_info


def _kind(value: Any) -> int:
    kind: int = value.type.tensor_type.elem_type
    return kind


def _makes(node: Any, kinds: Collection[int]) -> bool:
    return any(
        (each.name in NAMING and each.i in kinds)
        or (each.HasField("t") and each.t.data_type in kinds)
        for each in node.attribute
    )


def _wide(tensor: Any) -> Any:
    import numpy as np
    from onnx import numpy_helper

    return numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name)


def _widen_type(type: Any, kinds: Collection[int]) -> None:
    match type.WhichOneof("value"):
        case "tensor_type":
            if type.tensor_type.elem_type in kinds:
                type.tensor_type.elem_type = FLOAT
        case "sequence_type":
            _widen_type(type.sequence_type.elem_type, kinds)
        case "optional_type":
            _widen_type(type.optional_type.elem_type, kinds)
        case _:  # maps hold no 16-bit floats
            pass


def _widen_attributes(node: Any, kinds: Collection[int]) -> None:
    for each in node.attribute:
        if each.name in NAMING and each.i in kinds:
            each.i = FLOAT
        if each.HasField("t") and each.t.data_type in kinds:
            each.t.CopyFrom(_wide(each.t))


def _round(graph: Any, types: Mapping[str, int], kinds: Collection[int]) -> None:
    """Let every node write beside its outputs, and Casts there and back fill these."""
    from onnx import helper

    nodes = []
    for node in graph.node:
        nodes.append(node)
        for index, name in enumerate(node.output):
            if name and (kind := types.get(name)) in kinds:
                node.output[index] = f"{name}/wide"
                nodes += [
                    helper.make_node("Cast", [f"{name}/wide"], [f"{name}/narrow"], to=kind),
                    helper.make_node("Cast", [f"{name}/narrow"], [name], to=FLOAT),
                ]
    fresh = [_copy(each) for each in nodes]
    del graph.node[:]
    graph.node.extend(fresh)


def _kept_ends(model: Any, kinds: Collection[int]) -> dict[str, int]:
    return {
        each.name: _kind(each)
        for each in (*model.graph.input, *model.graph.output)
        if _kind(each) in kinds
    }


def _restore_ends(graph: Any, ends: Mapping[str, int]) -> None:
    """Give inputs and outputs their kinds again, and a Cast to each."""
    from onnx import helper

    inputs = [each for each in graph.input if each.name in ends]
    outputs = [each for each in graph.output if each.name in ends]
    names = {each.name: f"{each.name}/float" for each in (*inputs, *outputs)}
    for each in graphs(graph):
        _rename(each, names, outermost=each is graph)
    for value in (*inputs, *outputs):
        value.type.tensor_type.elem_type = ends[value.name]
    before = [helper.make_node("Cast", [v.name], [names[v.name]], to=FLOAT) for v in inputs]
    after = [helper.make_node("Cast", [names[v.name]], [v.name], to=ends[v.name]) for v in outputs]
    nodes = [*before, *(_copy(each) for each in graph.node), *after]
    del graph.node[:]
    graph.node.extend(nodes)


def _rename(graph: Any, names: Mapping[str, str], *, outermost: bool) -> None:
    for node in graph.node:
        for field in (node.input, node.output):
            for index, name in enumerate(field):
                field[index] = names.get(name, name)
    renaming = [*graph.initializer, *graph.value_info, *(() if outermost else graph.output)]
    for each in renaming:
        each.name = names.get(each.name, each.name)


def _copy(node: Any) -> Any:
    import onnx

    fresh = onnx.NodeProto()
    fresh.CopyFrom(node)
    return fresh
