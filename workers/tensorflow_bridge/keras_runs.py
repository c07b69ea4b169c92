"""Keras models, inspected and run: what `.keras` and HDF5 have in common."""

from typing import Any, Final

from numpy.typing import NDArray

from shared.domain.signatures import Inspection, Signature
from workers.runtime import Arrays, Session
from workers.tensorflow_bridge import keras_models, keras_skeletons
from workers.tensorflow_bridge.tracing import trace

CONTROL: Final = frozenset({"Cond", "Switch", "WhileLoop", "ForiLoop", "Scan", "Map"})
"""Operations of Keras that run one of several functions, or one again and again."""


def inspection(model: Any, format: str) -> Inspection:
    """What is known of a model, with or without its weights.

    Raises:
        InvalidModel: it does not say what it takes.
    """
    return Inspection(
        format=format,
        signature=signature(model),
        parameters=int(model.count_params()),
        operators=keras_skeletons.operators(model),
        producer="keras",
    )


def signature(model: Any) -> Signature:
    """The model's signature, with bounds for inputs that index embeddings."""
    plain = keras_models.callee(model).signature
    upper = keras_skeletons.bounds(model)
    return Signature(
        inputs=tuple(
            tensor.model_copy(update={"upper": upper.get(index)})
            for index, tensor in enumerate(plain.inputs)
        ),
        outputs=plain.outputs,
    )


def session(model: Any) -> Session:
    """The model in inference mode on TensorFlow, traced once for all sizes."""
    import tensorflow as tf

    told = signature(model)
    traced = trace(keras_models.callee(model))

    def run(inputs: Arrays) -> dict[str, NDArray[Any]]:
        given = [tf.constant(inputs[tensor.name], tensor.dtype) for tensor in told.inputs]
        answers = traced.function(*given)
        return {
            tensor.name: answer.numpy()
            for tensor, answer in zip(told.outputs, answers, strict=True)
        }

    operations = {type(each).__name__ for each in getattr(model, "operations", ())}
    return Session(told, run, branches=bool(operations & CONTROL))
