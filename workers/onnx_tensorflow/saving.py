"""Save an ONNX model as a SavedModel: one signature, open dimensions, weights as variables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import FerryError, InvalidOptions, StepRefused
from workers.onnx_graph.nodes import Model, Port
from workers.onnx_graph.walking import Walker
from workers.onnx_tensorflow.carriers import SMALL_FLOATS, SMALL_INTEGERS, carrier, numpy_name
from workers.onnx_tensorflow.framework import REGISTRY, TensorFlow
from workers.onnx_tensorflow.images import image_inputs
from workers.onnx_tensorflow.layout import Laid, canonical, channels_last, laid
from workers.onnx_tensorflow.naming import all_writable
from workers.onnx_tensorflow.weights import Import, importing

SIGNATURE: Final = "serving_default"


@dataclass(frozen=True, slots=True)
class _Entry:
    """An input: the graph's port, its name for TensorFlow and the order of its axes."""

    port: Port
    name: str
    order: tuple[int, ...] | None

    def spec(self) -> Any:
        import tensorflow as tf

        shape = None
        if self.port.shape is not None and self.order is not None:
            static = [each if isinstance(each, int) else None for each in self.port.shape]
            shape = [static[axis] for axis in self.order]
        return tf.TensorSpec(shape, carrier(self.port.dtype or 1), name=self.name)


def save(model: Model, folder: Path, *, inputs_channels_last: bool = False) -> None:
    """Write the model to `folder`, which does not exist yet.

    Args:
        inputs_channels_last: images are taken with their channels last, too.

    Raises:
        UnsupportedOperator: a node's translation cannot be traced; says which.
        StepRefused: an input or output is of a type that a SavedModel cannot take or give.
    """
    import tensorflow as tf

    module = traced(model, inputs_channels_last=inputs_channels_last)
    with tf.device("/cpu:0"):
        tf.saved_model.save(module, str(folder), signatures={SIGNATURE: module.function})


def traced(model: Model, *, inputs_channels_last: bool = False) -> Any:
    """A tf.Module with the `weights` by their ONNX names, and the concrete `function`.

    Raises: as `save` does.
    """
    import tensorflow as tf

    entries = _entries(model, inputs_channels_last=inputs_channels_last)
    for port in (*model.graph.inputs, *model.graph.outputs):
        _refuse_foreign(port)
    module = tf.Module(name="onnx")
    session = Import(variables={})
    names = all_writable([port.name for port in model.graph.outputs])

    def call(**given: Any) -> Mapping[str, Any]:
        inputs = [
            Laid(given[entry.name], None if entry.order is None else entry.order)
            for entry in entries
        ]
        with importing(session):
            made = Walker(TensorFlow(), REGISTRY).run(model.graph, inputs)
            return _outputs(made, model.graph.outputs, names)

    function = tf.function(call, autograph=False)
    specs = {entry.name: entry.spec() for entry in entries}
    module.function = function.get_concrete_function(**specs)
    module.weights = session.variables
    return module


def _entries(model: Model, *, inputs_channels_last: bool) -> list[_Entry]:
    images = image_inputs(model.graph) if inputs_channels_last else frozenset()
    names = all_writable([port.name for port in model.graph.inputs])
    return [
        _Entry(port, name, _order(port, image=port.name in images))
        for port, name in zip(model.graph.inputs, names, strict=True)
    ]


def _order(port: Port, *, image: bool) -> tuple[int, ...] | None:
    if port.shape is None:
        return None
    order = (channels_last if image else canonical)(len(port.shape))
    fixed = [each if isinstance(each, int) else None for each in port.shape]
    if image and [fixed[axis] for axis in order] == fixed:
        raise InvalidOptions(
            f"The shape {list(port.shape)} of {port.name!r} is the same with the channels last:"
            " nobody could tell which of the two the result takes. Leave inputs_channels_last"
            " out.",
            field="inputs_channels_last",
        )
    return order


def _outputs(made: Sequence[Any], ports: Sequence[Port], names: Sequence[str]) -> dict[str, Any]:
    """An output that is an input as it is, or another output, gets a tensor of its own."""
    import tensorflow as tf

    found: dict[str, Any] = {}
    for value, port, name in zip(made, ports, names, strict=True):
        if value is None or isinstance(value, list):
            raise _foreign(port, "sequence or an optional")
        found[name] = tf.identity(laid(value).plain, name=name)
    return found


def _refuse_foreign(port: Port) -> None:
    if port.kind != "tensor":
        raise _foreign(port, port.kind)
    if port.dtype is None:
        return
    name = numpy_name(port.dtype)
    if name in SMALL_FLOATS or name in SMALL_INTEGERS:
        raise _foreign(port, f"tensor of {name}")


def _foreign(port: Port, what: str) -> FerryError:
    return StepRefused(
        f"{port.name!r} is a {what}, which a SavedModel's signature cannot take or give. Cut the"
        " graph before it, or cast it.",
        node=port.name,
    )
