"""Values: what is known of a graph's tensors."""

from typing import Any

from workers.onnx_graph.light import inferred, lightened


def typed_values(model: Any) -> dict[str, Any]:
    """By name, the ValueInfoProto of every tensor of the outermost graph that a type is known of:
    declared, or inferred by ONNX."""
    graph = inferred(lightened(model)).graph
    declared = (*graph.value_info, *graph.output, *graph.input)
    return {each.name: each for each in declared if each.type.WhichOneof("value")}
