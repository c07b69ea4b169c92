"""Protobufs: keep tf2onnx from copying the weights after every optimizer.

tf2onnx writes each node's attributes back into its protobuf some thirty times. Freed
messages stay with their arena, so each time costs the size of all weights for good: 6 to 8 GB
for a ResNet-50. Attributes that did not change are left where they are here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def spared() -> Iterator[None]:
    """Within the block, tf2onnx writes only what has changed."""
    from tf2onnx.graph import Node

    original = Node.update_proto
    Node.update_proto = _update
    try:
        yield
    finally:
        Node.update_proto = original


def _update(node: Any, external_tensor_storage: Any = None) -> None:
    proto = node._op  # noqa: SLF001 - stands in for a method of the class
    _replace(proto.input, node.input)
    _replace(proto.output, node.output)
    for name, body in (node.get_body_graphs() or {}).items():
        title = f"graph for {node.name} {name}"
        node.set_attr(
            name, body.make_graph(title, external_tensor_storage=external_tensor_storage)
        )
    wanted = node.get_onnx_attrs(external_tensor_storage)
    held = {each.name: each for each in proto.attribute}
    if held.keys() == wanted.keys() and all(held[name] is wanted[name] for name in held):
        return
    _rewrite(node, proto, wanted)


def _rewrite(node: Any, proto: Any, wanted: dict[str, Any]) -> None:
    from onnx import NodeProto

    fresh = NodeProto(attribute=wanted.values())  # some of them live in what is cleared next
    del proto.attribute[:]
    proto.attribute.extend(fresh.attribute)
    known = node._attr  # noqa: SLF001 - as above
    for attribute in proto.attribute:
        if attribute.name in known:
            known[attribute.name] = attribute


def _replace(field: Any, names: list[str]) -> None:
    if list(field) != names:
        del field[:]
        field.extend(names)
