"""The framework that the walker walks in: TensorFlow, eager or traced, in lazy layouts."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, get_args, get_type_hints

from workers.onnx_graph.kinds import Kind
from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import Registry, Translation
from workers.onnx_graph.values import Constant, Known, Symbols
from workers.onnx_graph.walking import handed, keywords
from workers.onnx_tensorflow import symbolic
from workers.onnx_tensorflow.extents import are_known, lengths
from workers.onnx_tensorflow.layout import STORED, Laid, aligned, laid

REGISTRY: Final = Registry("workers.onnx_tensorflow")


class TensorFlow:
    """Values are `Laid` (or bare tensors, from bodies), lists of them, Constants and Symbols."""

    def tensor(self, value: Any) -> Any:
        """In ONNX's own order of axes."""
        return laid(value).plain

    def read(self, value: Any) -> Known:
        return symbolic.read(laid(value).plain)

    def shape(self, value: Any) -> Sequence[Any]:
        """In ONNX's order, whatever the layout."""
        known = laid(value)
        found = lengths(known.tensor)
        return [found[known.stored(axis)] for axis in range(known.rank)]

    def maximum(self, one: Any, other: Any) -> Any:
        import tensorflow as tf

        return max(one, other) if are_known([one, other]) else tf.maximum(one, other)

    def minimum(self, one: Any, other: Any) -> Any:
        import tensorflow as tf

        return min(one, other) if are_known([one, other]) else tf.minimum(one, other)

    def equal(self, one: Any, other: Any) -> bool | None:
        import tensorflow as tf

        if tf.is_tensor(one) or tf.is_tensor(other):
            return True if one is other else None
        return bool(one == other)

    def apply(self, node: Node, translation: Translation, values: Sequence[Any]) -> Any:
        named = keywords(node, translation)
        if translation.elementwise:
            return self._elementwise(translation, values, named)
        given = [
            None if value is None else self._handed(translation, index, value)
            for index, value in enumerate(values[: _taken(translation, values)])
        ]
        return _wrapped(translation.apply(*given, **named))

    @contextmanager
    def at(self, node: Node) -> Iterator[None]:
        """Names the graph's operations after the node that they come from."""
        import tensorflow as tf

        if tf.executing_eagerly():
            yield
            return
        plain = re.sub(r"[^A-Za-z0-9_.\\/>-]", "_", node.name).strip("/_")
        with tf.name_scope(plain if re.match(r"[A-Za-z0-9.]", plain) else node.operator):
            yield

    def _handed(self, translation: Translation, index: int, value: Any) -> Any:
        kind = translation.kind(index)
        if kind is not Kind.RAW:
            return handed(self, kind, value)
        if isinstance(value, list) or index not in _stored(translation):
            return value.plain if isinstance(value, Laid) else value
        return laid(value)

    def _elementwise(
        self, translation: Translation, values: Sequence[Any], named: dict[str, Any]
    ) -> Any:
        given: list[Any] = list(values[: _taken(translation, values)])
        places = [
            index
            for index, value in enumerate(given)
            if value is not None and translation.kind(index) is Kind.TENSOR
        ]
        tensors, order = aligned([laid(given[index]) for index in places])
        for index, value in enumerate(given):
            if value is not None and index not in places:
                given[index] = self._handed(translation, index, value)
        for index, tensor in zip(places, tensors, strict=True):
            given[index] = tensor
        made = translation.apply(*given, **named)
        if isinstance(made, tuple):
            return tuple(None if each is None else Laid(each, order) for each in made)
        return Laid(made, order)


def _taken(translation: Translation, values: Sequence[Any]) -> int:
    return len(values) if translation.rest is not None else len(translation.kinds)


@cache
def _stored(translation: Translation) -> range | frozenset[int]:
    """Which inputs the translation takes in whatever layout they have."""
    import inspect

    hints = get_type_hints(translation.apply, include_extras=True)
    inputs = [
        each
        for each in inspect.signature(translation.apply).parameters.values()
        if each.kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    ]
    marked = [index for index, each in enumerate(inputs) if _is_stored(hints.get(each.name))]
    if (
        marked
        and inputs[-1].kind is inspect.Parameter.VAR_POSITIONAL
        and marked[-1] == len(inputs) - 1
    ):
        return range(marked[0], 1 << 30)
    return frozenset(marked)


def _is_stored(hint: Any) -> bool:
    return STORED in getattr(hint, "__metadata__", ()) or any(map(_is_stored, get_args(hint)))


def _wrapped(made: Any) -> Any:
    import tensorflow as tf

    if isinstance(made, tuple):
        return tuple(map(_wrapped, made))
    if isinstance(made, Laid | Constant | Symbols | list) or made is None:
        return made
    return Laid(made if tf.is_tensor(made) else tf.convert_to_tensor(made))
