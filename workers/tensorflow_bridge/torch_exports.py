"""Keras models on the torch backend, exported by torch.export. Imports no TensorFlow.

The backend is chosen when keras is imported: this runs in a process of its own.
"""

import inspect
import re
from collections.abc import Sequence
from typing import Any, Final

from pydantic import Field

from shared.domain.errors import StepRefused
from shared.domain.signatures import Signature, Tensor
from workers.converter import Bench, Options
from workers.tensorflow_bridge import keras_models, keras_skeletons
from workers.tensorflow_bridge.dimensions import BATCH
from workers.tensorflow_bridge.tracing import Callee, fixed

EXAMPLE_BATCH = 2  # 0 and 1 are special to torch.export

SPATIAL, SEQUENTIAL = 64, 12
"""Example lengths of open axes: pictures are halved many times, sequences are walked through."""

PICTURE_RANK = 4

SPECIALISED: Final = re.compile(r"You marked (\w+) as dynamic but your code specialized it")


class KerasToPt2(Options):
    dynamic: bool = Field(
        default=True,
        description="Keep the axes that may vary; false fixes the batch to 1.",
    )


def export(model: Any, bench: Bench[KerasToPt2]) -> None:
    """Write the model as a `.pt2` with the signature's inputs and outputs, in order.

    Raises:
        StepRefused: PyTorch cannot keep an open axis, or cannot export the model at all.
    """
    import torch

    callee = keras_models.callee(model)
    signature = callee.signature if bench.options.dynamic else fixed(callee.signature, 1)
    _refuse_open_loops(model, signature)
    bench.say("exporting the program", progress=0.4)
    try:
        with torch.no_grad():
            program = torch.export.export(
                _module(model, callee),
                tuple(_example(tensor) for tensor in signature.inputs),
                dynamic_shapes=_open_axes(signature),
                strict=False,
            )
    except torch._dynamo.exc.UserError as error:  # noqa: SLF001 - torch.export raises no other
        raise StepRefused(_advice(str(error))) from error
    bench.say("writing the file", progress=0.9)
    torch.export.save(program, bench.target)


def _module(model: Any, callee: Callee) -> Any:
    """A module whose forward takes one tensor per input, under the inputs' names."""
    import torch

    def forward(_: Any, *tensors: Any) -> tuple[Any, ...]:
        return tuple(callee.call(*tensors))

    names = [parameter_name(tensor.name) for tensor in callee.signature.inputs]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    forward.__signature__ = inspect.Signature(  # type: ignore[attr-defined] # torch reads names there
        [inspect.Parameter(name, kind) for name in ("self", *names)]
    )
    module = type("KerasModel", (torch.nn.Module,), {"forward": forward})()
    module.inner = model
    return module.eval()


def parameter_name(name: str) -> str:
    """An input's name as a name of Python."""
    plain = re.sub(r"\W", "_", name)
    return plain if plain.isidentifier() else f"input_{plain}"


def _example(tensor: Tensor) -> Any:
    """Zeros: only the shape and the dtype are looked at."""
    import torch

    shape = tensor.shape or ()
    other = SPATIAL if len(shape) >= PICTURE_RANK else SEQUENTIAL
    lengths = [
        dim if isinstance(dim, int) else EXAMPLE_BATCH if dim == BATCH else other for dim in shape
    ]
    return torch.zeros(lengths, dtype=getattr(torch, tensor.dtype))


def _open_axes(signature: Signature) -> Sequence[dict[int, Any]]:
    from torch.export import Dim

    names = {
        dim for tensor in signature.inputs for dim in tensor.shape or () if isinstance(dim, str)
    }
    symbols = {name: Dim(parameter_name(name)) for name in sorted(names)}
    return tuple(
        {axis: symbols[dim] for axis, dim in enumerate(tensor.shape or ()) if isinstance(dim, str)}
        for tensor in signature.inputs
    )


def _refuse_open_loops(model: Any, signature: Signature) -> None:
    """Keras' torch backend unrolls its loops, which takes long and fixes their length."""
    import keras

    loops = (keras.layers.RNN, keras.layers.Bidirectional, keras.layers.TimeDistributed)
    looping = [layer for layer in keras_skeletons.layers(model) if isinstance(layer, loops)]
    names = [
        dim
        for tensor in signature.inputs
        for dim in tensor.shape or ()
        if isinstance(dim, str) and dim != BATCH
    ]
    if looping and names:
        raise StepRefused(
            f"Keras' torch backend unrolls the layer {looping[0].name!r} and cannot keep the axis"
            f" {names[0]!r} open. Give the input its length (keras.Input(shape=…)) and save the"
            " model again."
        )


def _advice(said: str) -> str:
    lost = SPECIALISED.search(said)
    if lost:
        return (
            f"Keras' torch backend cannot keep the axis {lost[1]!r} open: some layer needs to"
            " know its length. Give the input that length (keras.Input(shape=…)) and save the"
            " model again."
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f"PyTorch cannot export the model: {lines[0][:300] if lines else 'it does not say why'}"
