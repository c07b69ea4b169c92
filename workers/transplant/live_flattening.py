"""Flattening: which layers of a Keras model read or make a feature map that is laid out flat.

Keras lays a map out as (height, width, channels), PyTorch as (channels, height, width): rows and
columns of such a layer's kernel lie in another order, and no shape tells it.
"""

from collections.abc import Iterator
from math import prod
from typing import Any, Final

Shape = tuple[int, ...]

ELEMENTWISE: Final = frozenset(
    {"Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Dropout", "GaussianNoise", "Softmax"}
)
CARRIED: Final = frozenset({"Dense", "BatchNormalization"})
POOLED: Final = frozenset({"BatchNormalization", "MaxPooling1D", "AveragePooling1D"})
CONVOLVED: Final = frozenset({"Conv1D", "SeparableConv1D", "Conv1DTranspose"})


def flattenings(model: Any) -> dict[int, dict[str, Shape]]:
    """By a layer's id: `flattened`, the map that its inputs were, and `unflattened`, the map
    that its outputs become, both with the channels last. `flattened` is empty for a dense layer
    that reads none.

    A model of which Keras has no graph, since its `call` is Python, tells nothing.
    """
    found: dict[int, dict[str, Shape]] = {
        id(each): {"flattened": ()}
        for each in _operations(model)
        if type(each).__name__ == "Dense" and _maker(each) is not None
    }
    for layer in _operations(model):
        if type(layer).__name__ not in {"Flatten", "Reshape"}:
            continue
        node = layer._inbound_nodes[0]  # noqa: SLF001 - the graph has no public face
        before, after = _lengths(node.input_tensors[0]), _lengths(node.output_tensors[0])
        if len(after) == 1 and _is_map(before, layer):
            for reader in _readers(model, layer):
                found.setdefault(id(reader), {})["flattened"] = before
        elif len(before) == 1 and len(after) > 2 and prod(after[:-1]) > 1:  # noqa: PLR2004
            for writer in _writers(layer):
                found.setdefault(id(writer), {})["unflattened"] = after
    return found


def _operations(model: Any) -> Iterator[Any]:
    for layer in model._flatten_layers():  # noqa: SLF001 - Keras has no public walk
        if getattr(layer, "_inbound_nodes", None):
            yield layer


def _lengths(tensor: Any) -> Shape:
    lengths = tuple(tensor.shape)[1:]
    return lengths if all(isinstance(each, int) for each in lengths) else ()


def _is_map(shape: Shape, layer: Any) -> bool:
    """Whether channels are last in it: a sequence of vectors is laid out alike in both."""
    if prod(shape[:-1]) <= 1:
        return False
    return len(shape) > 2 or (len(shape) == 2 and _is_convolved(layer))  # noqa: PLR2004


def _is_convolved(layer: Any) -> bool:
    made_by = _maker(layer)
    while type(made_by).__name__ in ELEMENTWISE | POOLED:
        made_by = _maker(made_by)
    return type(made_by).__name__ in CONVOLVED


def _writers(layer: Any) -> Iterator[Any]:
    """Those that make the flat vector, up to the dense layer, which is the first of them."""
    made_by = _maker(layer)
    while type(made_by).__name__ in ELEMENTWISE | CARRIED:
        if type(made_by).__name__ in CARRIED:
            yield made_by
        if type(made_by).__name__ == "Dense":
            return
        made_by = _maker(made_by)


def _readers(model: Any, layer: Any) -> Iterator[Any]:
    """Those that read the flat vector, up to the first dense layer of each way."""
    known = {id(layer)}
    for each in _in_order(model):
        made_by = _maker(each)
        if made_by is None or id(made_by) not in known:
            continue
        kind = type(each).__name__
        if kind in CARRIED:
            yield each
        if kind in ELEMENTWISE or kind == "BatchNormalization":
            known.add(id(each))
        elif getattr(each, "inputs", None):
            known.add(id(_history(each.inputs[0])))


def _in_order(model: Any) -> Iterator[Any]:
    for each in getattr(model, "layers", ()):
        yield each
        yield from _in_order(each)


def _maker(layer: Any) -> Any:
    """The layer whose output it reads, where it reads one; within a model, the model's last."""
    if not getattr(layer, "_inbound_nodes", None):
        return None
    read = layer._inbound_nodes[0].input_tensors  # noqa: SLF001 - the graph has no public face
    made_by: Any = _history(read[0]) if len(read) == 1 else None
    if getattr(made_by, "outputs", None) and hasattr(made_by, "layers"):
        return _history(made_by.outputs[0])
    return made_by


def _history(tensor: Any) -> Any:
    history = getattr(tensor, "_keras_history", None)
    return history.operation if history is not None else None
