"""Keras models: loaded without trusting them, and called on flat tensors."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shared.domain.errors import InvalidModel
from shared.domain.signatures import Signature, Tensor
from workers.tensorflow_bridge.dimensions import half_named, named
from workers.tensorflow_bridge.tracing import Callee

LAMBDA = re.compile(r"unsafe_deserialization|safe_mode=False")
CUSTOM = re.compile(
    r"Could not locate (?:class|function) '([^']+)'|Unknown (?:layer|object|activation function)"
    r": '?([\w>]+)'?"
)


def load(path: Path, suffix: str) -> Any:
    """The keras.Model in a `.keras` archive or an HDF5 file, whatever the file is called.

    Args:
        suffix: how Keras wants such a file to be called: `.keras` or `.h5`.

    Raises:
        InvalidModel: it is broken, holds code, or needs classes that are not Keras' own.
    """
    import keras

    with _called(path, f"model{suffix}") as file, explained():
        # Never safe_mode=False: a Lambda layer is bytecode of whoever wrote the file.
        return keras.saving.load_model(file, compile=False, safe_mode=True)


@contextmanager
def _called(path: Path, name: str) -> Iterator[Path]:
    """Keras goes by the file's name."""
    with TemporaryDirectory() as folder:
        link = Path(folder) / name
        link.symlink_to(path.resolve())
        yield link


@contextmanager
def explained() -> Iterator[None]:
    """Turn what Keras says of a file it cannot load into what its owner can do.

    Raises:
        InvalidModel: whatever was raised within the block.
    """
    try:
        yield
    except InvalidModel:
        raise
    except Exception as error:
        raise InvalidModel(_advice(str(error))) from error


def _advice(said: str) -> str:
    if LAMBDA.search(said):
        return (
            "The model holds a Lambda layer, which is code and is never loaded. Replace it by"
            " keras.ops calls on the tensors or by a built-in layer, and save the model again."
        )
    custom = CUSTOM.search(said)
    if custom:
        name = next(group for group in custom.groups() if group)
        return (
            f"The model uses the class {name!r}, which is no layer of Keras' own and does not come"
            " with the file (HDF5 cannot hold calls of keras.ops either). Rebuild the model from"
            " built-in layers, or export it where the class is defined: model.export(folder), and"
            " send the SavedModel."
        )
    if "No model config" in said:
        return (
            "The file holds weights only, no model. Save the whole model: model.save('x.keras')."
        )
    if "Unrecognized keyword argument" in said:
        return (
            "The model was saved by another version of Keras: a layer has settings that Keras 3"
            " does not know. Load it where it was made (TF_USE_LEGACY_KERAS=1 for Keras 2), then"
            " model.export(folder) or tf.saved_model.save(model, folder), and send the SavedModel."
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f"Keras cannot load the model: {lines[0][:300] if lines else 'it does not say why'}"


def callee(model: Any) -> Callee:
    """The model in inference mode.

    Raises:
        InvalidModel: the model does not say what it takes.
    """
    import keras

    if not getattr(model, "built", False) or not getattr(model, "inputs", None):
        raise InvalidModel(
            f"The model {getattr(model, 'name', '')!r} does not say what it takes. Begin it with"
            " keras.Input, or call it once, and save it again."
        )
    structure = model.input if _functional(model) else model.inputs

    def call(*given: Any) -> Sequence[Any]:
        arguments = keras.tree.pack_sequence_as(structure, list(given))
        single = isinstance(structure, list) and len(structure) == 1 and not _functional(model)
        answer = model(arguments[0] if single else arguments, training=False)
        return list(keras.tree.flatten(answer))

    return Callee(signature=signature(model), call=call, owner=model)


def signature(model: Any) -> Signature:
    """What the model takes and gives, by the names of its input and output layers."""
    taken: list[str] = []
    inputs = [
        Tensor(
            name=_distinct(tensor.name, taken),
            dtype=str(tensor.dtype),
            shape=named(taken[-1], tensor.shape),
        )
        for tensor in model.inputs
    ]
    names = model.output_names if _functional(model) else [model.layers[-1].name]
    outputs = [
        Tensor(
            name=_distinct(name, taken), dtype=str(tensor.dtype), shape=half_named(tensor.shape)
        )
        for name, tensor in zip(names, model.outputs, strict=True)
    ]
    return Signature(inputs=tuple(inputs), outputs=tuple(outputs))


def _functional(model: Any) -> bool:
    return hasattr(model, "output_names")


def _distinct(name: str, taken: list[str]) -> str:
    """Two outputs may come from one layer, and a layer may be called as an input is."""
    number, candidate = 0, name
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    taken.append(candidate)
    return candidate
