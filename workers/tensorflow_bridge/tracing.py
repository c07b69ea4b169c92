"""Tracing: any TensorFlow model as one function on flat tensors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.signatures import Signature, Tensor
from workers.tensorflow_bridge.dimensions import BATCH, half_named


@dataclass(frozen=True, slots=True)
class Callee:
    """A loaded model that can be called.

    `call` takes one TensorFlow tensor per input, in the signature's order, and answers with
    one per output, in order. `owner` keeps variables and tables alive.
    """

    signature: Signature
    call: Callable[..., Sequence[Any]]
    owner: Any


@dataclass(frozen=True, slots=True)
class Traced:
    """A callee as a concrete function. `inputs` and `outputs` are names of graph tensors."""

    signature: Signature
    function: Any
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    owner: Any


def trace(callee: Callee, *, batch: int | None = None) -> Traced:
    """Trace the callee once, with every dimension that may vary left open.

    Args:
        batch: fix the dimension called "batch" to this length.
    """
    import tensorflow as tf

    signature = fixed(callee.signature, batch) if batch else callee.signature
    specs = [_spec(tensor, index) for index, tensor in enumerate(signature.inputs)]

    def body(*tensors: Any) -> list[Any]:
        # An output may be an input as it is, or another output: each gets a tensor of its own.
        return [tf.identity(each) for each in callee.call(*tensors)]

    function = tf.function(body, input_signature=specs, autograph=False).get_concrete_function()
    return Traced(
        signature=_as_traced(signature, function),
        function=function,
        inputs=tuple(tensor.name for tensor in function.inputs[: len(specs)]),
        outputs=tuple(tensor.name for tensor in function.outputs),
        owner=callee.owner,
    )


def _as_traced(signature: Signature, function: Any) -> Signature:
    """With the outputs' shapes as TensorFlow found them: Keras is wrong about some."""
    return Signature(
        inputs=signature.inputs,
        outputs=tuple(
            tensor.model_copy(update={"shape": half_named(shape_of(found))})
            for tensor, found in zip(signature.outputs, function.outputs, strict=True)
        ),
    )


def shape_of(tensor: Any) -> list[int | None] | None:
    """Of a TensorFlow tensor or spec; None where not even the rank is known."""
    return None if tensor.shape.rank is None else list(tensor.shape.as_list())


def fixed(signature: Signature, batch: int) -> Signature:
    """The signature with the dimension called "batch" of that length."""
    return Signature(
        inputs=tuple(_fixed(tensor, batch) for tensor in signature.inputs),
        outputs=tuple(_fixed(tensor, batch) for tensor in signature.outputs),
    )


def _fixed(tensor: Tensor, batch: int) -> Tensor:
    if tensor.shape is None:
        return tensor
    shape = tuple(batch if dim == BATCH else dim for dim in tensor.shape)
    return tensor.model_copy(update={"shape": shape})


def _spec(tensor: Tensor, index: int) -> Any:
    import tensorflow as tf

    shape = tensor.shape and [dim if isinstance(dim, int) else None for dim in tensor.shape]
    return tf.TensorSpec(shape, tf_dtype(tensor.dtype), name=f"input_{index}")


def tf_dtype(dtype: str) -> Any:
    """TensorFlow's type of numpy's name."""
    import tensorflow as tf

    return tf.as_dtype("string" if dtype.startswith(("str", "object", "bytes")) else dtype)
