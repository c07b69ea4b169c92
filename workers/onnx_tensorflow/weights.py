"""Weights: an import's constants, as tensors or as variables under their ONNX names.

A SavedModel's graph may not exceed 2 GB, its variables may: so what is large becomes a variable.
Small constants stay in the graph, where converters can fold and fuse them.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from numpy.typing import NDArray

from workers.onnx_graph.values import Constant
from workers.onnx_tensorflow.carriers import carried

LARGE: Final = 64
"""Elements from which on a number becomes a variable."""

T = TypeVar("T")


@dataclass
class Import:
    """One import under way. With `variables` large weights are put there, by name."""

    variables: dict[str, Any] | None = None
    known: dict[int, tuple[Constant, Any]] = field(default_factory=dict)


_under_way: ContextVar[Import | None] = ContextVar("import", default=None)


@contextmanager
def importing(session: Import) -> Iterator[Import]:
    """Everything within belongs to that import."""
    token = _under_way.set(session)
    try:
        yield session
    finally:
        _under_way.reset(token)


def kept(value: Constant, make: Callable[[], T]) -> T:
    """What `make` gives, the same for every use of the constant in this import."""
    session = _under_way.get()
    if session is None:
        return make()
    if id(value) not in session.known:
        session.known[id(value)] = (value, make())
    made: T = session.known[id(value)][1]
    return made


def hold(array: NDArray[Any], name: str | None) -> Any:
    """The array as a tensor, or as a variable where the import keeps those."""
    import tensorflow as tf

    # tf.Variable within a tf.function asks the function, which then traces all of it again.
    from tensorflow.python.ops.resource_variable_ops import ResourceVariable

    session = _under_way.get()
    plain = carried(array)
    if session is None or session.variables is None or not _worth(plain):
        return tf.constant(plain)
    label = _free(_sanitised(name or "constant"), session.variables)
    with tf.init_scope(), tf.device("/cpu:0"):
        variable = ResourceVariable(plain, trainable=plain.dtype.kind in "fV", name=label)
    session.variables[label] = variable
    return variable


def read(held: Any) -> Any:
    """What `hold` gave as a tensor of the graph that is being built."""
    import tensorflow as tf

    if isinstance(held, tf.Variable):
        return tf.convert_to_tensor(held)
    if not visible(held):  # a small constant that another graph made first
        return tf.constant(tf.get_static_value(held))
    return held


def visible(tensor: Any) -> bool:
    """Whether the graph that is being built can use the tensor: it, or one around it, made it."""
    import tensorflow as tf

    made_in = tensor.graph if tf.is_symbolic_tensor(tensor) else None
    if made_in is None:
        return True
    graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
    while graph is not None:
        if graph is made_in:
            return True
        graph = getattr(graph, "outer_graph", None)
    return False


def _worth(array: NDArray[Any]) -> bool:
    return array.size >= LARGE and array.dtype.kind in "fiuV"


def _sanitised(name: str) -> str:
    """TensorFlow's names begin with a letter, digit or dot, and have few other characters."""
    plain = re.sub(r"[^A-Za-z0-9_.\\/>-]", "_", name)
    return plain if re.match(r"[A-Za-z0-9.]", plain) else f"w{plain}"


def _free(name: str, taken: dict[str, Any]) -> str:
    """A weight that is used in two layouts becomes two variables."""
    if name not in taken:
        return name
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
