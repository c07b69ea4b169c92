"""What Keras says of the layers of a model."""

from collections.abc import Iterator
from typing import Any

from workers.weights.variables import Layer


def layers(model: Any, scope: str = "") -> Iterator[tuple[str, Layer]]:
    """Every layer by the names of those it is in and its own, in the order of the model."""
    inner = getattr(model, "layers", None) or model._flatten_layers(  # noqa: SLF001 - the public list is of models only
        recursive=False, include_self=False
    )
    for layer in inner:
        place = f"{scope}/{layer.name}" if scope else layer.name
        yield place, Layer(type(layer).__name__, settings(layer))
        yield from layers(layer, place)


def settings(layer: Any) -> dict[str, Any]:
    """The plain ones of its configuration, and the shape it is given, without the batch."""
    found = {name: each for name, each in layer.get_config().items() if plain(each)}
    calls = getattr(layer, "_inbound_nodes", ())
    if calls and len(calls[0].input_tensors) == 1:
        found["input_shape"] = tuple(calls[0].input_tensors[0].shape[1:])
    return found


def plain(given: Any) -> bool:
    """Whether it is a number, a name, or a list of such."""
    if isinstance(given, list | tuple):
        return all(isinstance(each, bool | int | float | str) for each in given)
    return isinstance(given, bool | int | float | str)
