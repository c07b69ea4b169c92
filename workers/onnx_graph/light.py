"""A light copy of a model: everything but the bytes of large weights.

ONNX's own inliner and shape inference take the model as one serialised message, which ends at
2 GiB and is copied several times. They look at no large weight.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

LARGE: Final = 1 << 12
"""Bytes. Shapes, axes and scalars are far smaller."""

DATA: Final = ("float_data", "int32_data", "string_data", "int64_data", "double_data")


def lightened(model: Any) -> Any:
    """A new ModelProto whose large tensors have names, types and shapes, and no values."""
    import onnx

    light = onnx.ModelProto()
    for field in ("ir_version", "producer_name", "producer_version", "domain", "model_version"):
        setattr(light, field, getattr(model, field))
    light.opset_import.extend(model.opset_import)
    light.metadata_props.extend(model.metadata_props)
    light.functions.extend(model.functions)
    graph = model.graph
    light.graph.name = graph.name
    light.graph.node.extend(graph.node)
    light.graph.input.extend(graph.input)
    light.graph.output.extend(graph.output)
    light.graph.value_info.extend(graph.value_info)
    light.graph.sparse_initializer.extend(graph.sparse_initializer)
    light.graph.initializer.extend(map(_light, graph.initializer))
    return light


def inferred(light: Any) -> Any:
    """The same with the types and shapes that ONNX can infer; as it was where it cannot."""
    import onnx
    from google.protobuf.message import EncodeError

    try:
        return onnx.shape_inference.infer_shapes(light)
    except (onnx.shape_inference.InferenceError, RuntimeError, EncodeError, ValueError):
        # An operator of a foreign domain, or a graph that contradicts itself: types are a help
        # where they are known, and whatever is wrong is found again when the graph is walked.
        return light


def inlined(light: Any, functions: Iterable[tuple[str, str]]) -> Any:
    """The same with calls of the model's own functions, and of those ONNX operators, replaced
    by what they do. One that ONNX cannot replace stays: whoever walks the graph will name it."""
    from onnx import inliner

    if light.functions:
        light = inliner.inline_local_functions(light)
    for function in functions:
        try:
            light = inliner.inline_selected_functions(
                light, [function], exclude=False, inline_schema_functions=True
            )
        except RuntimeError:  # its body depends on types that ONNX could not infer
            continue
    return light


def calls(graph: Any) -> Iterator[Any]:
    """Every node, those of subgraphs too."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from calls(attribute.g)
            for each in attribute.graphs:
                yield from calls(each)


def _light(tensor: Any) -> Any:
    import onnx

    if not tensor.external_data and tensor.ByteSize() <= LARGE:
        return tensor
    light = onnx.TensorProto()
    light.name, light.data_type = tensor.name, tensor.data_type
    light.dims.extend(tensor.dims)
    return light
