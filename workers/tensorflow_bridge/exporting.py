"""Exporting: a SavedModel with one named signature, of a callee or of a frozen graph."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from shared.domain.signatures import Signature, Tensor
from workers.tensorflow_bridge.freezing import Frozen
from workers.tensorflow_bridge.saved_models import DEFAULT
from workers.tensorflow_bridge.tracing import Callee, fixed, tf_dtype

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""What an input of a signature can be called and still be so when the SavedModel is loaded."""


def export(callee: Callee, folder: Path, *, batch: int | None = None) -> None:
    """Write the callee with its variables, under the names of its signature.

    Args:
        folder: does not exist yet.
        batch: fix the dimension called "batch" to this length.
    """
    signature = fixed(callee.signature, batch) if batch else callee.signature

    def serve(*given: Any) -> Mapping[str, Any]:
        return _answered(signature, callee.call(*given))

    _save(serve, signature, callee.owner, folder)


def export_frozen(frozen: Frozen, folder: Path) -> None:
    """Write a graph whose weights are constants, as `export` does."""
    import tensorflow as tf

    signature = frozen.signature

    def serve(*given: Any) -> Mapping[str, Any]:
        fed = dict(zip(frozen.inputs, given, strict=True))
        answers = tf.graph_util.import_graph_def(
            frozen.graph, input_map=fed, return_elements=list(frozen.outputs), name=""
        )
        return _answered(signature, answers)

    _save(serve, signature, None, folder)


def _answered(signature: Signature, answers: Any) -> Mapping[str, Any]:
    """An output may be an input as it is, or another output: each gets a tensor of its own."""
    import tensorflow as tf

    pairs = zip(signature.outputs, answers, strict=True)
    return {tensor.name: tf.identity(answer) for tensor, answer in pairs}


def _save(serve: Any, signature: Signature, owner: Any, folder: Path) -> None:
    import tensorflow as tf

    module = tf.Module()
    module.owner = owner
    pairs = zip(signature.inputs, _names(signature), strict=True)
    specs = [_spec(tensor, name) for tensor, name in pairs]
    function = tf.function(serve, input_signature=specs, autograph=False).get_concrete_function()
    tf.saved_model.save(module, str(folder), signatures={DEFAULT: function})


def _names(signature: Signature) -> Sequence[str]:
    """Those of the inputs, or numbers where TensorFlow cannot hold one of them."""
    names = [tensor.name for tensor in signature.inputs]
    if all(NAME.fullmatch(name) for name in names):
        return names
    return [f"input_{number:03}" for number in range(len(names))]


def _spec(tensor: Tensor, name: str) -> Any:
    import tensorflow as tf

    shape = tensor.shape and [dim if isinstance(dim, int) else None for dim in tensor.shape]
    return tf.TensorSpec(shape, tf_dtype(tensor.dtype), name=name)
