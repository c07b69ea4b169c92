"""Serving: one model or ensemble as Triton shows it to clients, over a session of its file.

Names, dtypes, shapes and the largest batch are held to the config, as Triton does; source:
docs/user_guide/model_configuration.md, "Inputs and Outputs", "Reshape".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from numpy.typing import NDArray

from shared.domain.errors import BadSamples, InvalidModel
from shared.domain.signatures import Dim, Signature, Tensor
from workers.runtime import Arrays, Session
from workers.triton_bridge.dtypes import NAMES
from workers.triton_bridge.protobuf import type_name
from workers.triton_bridge.rules import backend_of, fits

Run = Callable[[Arrays], dict[str, NDArray[Any]]]

_POSITION: Final = re.compile(r".*__(\d+)")
"""Triton's PyTorch backend reads a tensor's position off its name."""


def described(config: Any, inner: Signature | None) -> Signature:
    """The signature by the config; lengths that vary keep the names that the file has for them.

    A scalar of each of a batch is written (batch,), as the file has it: clients send
    (batch, 1). Of an ensemble `inner` is None.

    Raises:
        InvalidModel: the config names a tensor that the file does not have.
    """
    if inner is None:
        inner = Signature(inputs=(), outputs=())
        outside = True
    else:
        outside = False
    return Signature(
        inputs=tuple(
            _tensor(config, each, twin, outside=outside)
            for each, twin in _twins(config, config.input, inner.inputs)
        ),
        outputs=tuple(
            _tensor(config, each, twin, outside=outside)
            for each, twin in _twins(config, config.output, inner.outputs)
        ),
    )


def by_argument(config: Any, arguments: Sequence[str]) -> dict[str, Tensor]:
    """What the config says of a TorchScript module's inputs, by the names of its arguments.

    Raises:
        InvalidModel: it does not describe as many.
    """
    unknown = [Tensor(name=each, dtype="float32", shape=None) for each in arguments]
    return {
        twin.name: _argument(twin.name, _tensor(config, each, None, outside=False))
        for each, twin in _twins(config, config.input, unknown)
        if twin
    }


def dims_of(config: Any, tensor: Any, *, outside: bool) -> tuple[int, ...]:
    """All dimensions with the batch: as clients see them from `outside`, or as the file does."""
    batch = (-1,) if config.max_batch_size > 0 else ()
    shown = tensor.dims if outside or not tensor.HasField("reshape") else tensor.reshape.shape
    return (*batch, *shown)


def served(config: Any, session: Session, *, outside: bool = False) -> Run:
    """The session under the config's names, with shapes as clients see them if from `outside`."""
    takes = _twins(config, config.input, session.signature.inputs)
    gives = _twins(config, config.output, session.signature.outputs)

    def run(arrays: Arrays) -> dict[str, NDArray[Any]]:
        _check_batch(config, arrays)
        given = {}
        for tensor, twin in takes:
            if tensor.name not in arrays:
                raise BadSamples(f"The model {config.name!r} wants the input {tensor.name!r}.")
            array = arrays[tensor.name]
            _check(config, tensor, array, outside=outside)
            if outside and tensor.HasField("reshape"):
                array = array.reshape(_lengths(array, tensor.reshape.shape))
            given[twin.name if twin else tensor.name] = array
        answers = session(given)
        return {
            tensor.name: _answer(config, tensor, answers[twin.name], outside=outside)
            for tensor, twin in gives
            if twin
        }

    return run


def chained(config: Any, runs: Mapping[str, Run]) -> Run:
    """An ensemble whose members are `served` from outside: each step runs when it is fed."""

    def run(arrays: Arrays) -> dict[str, NDArray[Any]]:
        _check_batch(config, arrays)
        tensors = dict(arrays)
        waiting = list(config.ensemble_scheduling.step)
        while waiting:
            step = next(each for each in waiting if set(each.input_map.values()) <= tensors.keys())
            given = {name: tensors[other] for name, other in step.input_map.items()}
            answers = runs[step.model_name](given)
            tensors |= {other: answers[name] for name, other in step.output_map.items()}
            waiting.remove(step)
        return {each.name: tensors[each.name] for each in config.output}

    return run


def _twins(
    config: Any, tensors: Sequence[Any], inner: Sequence[Tensor]
) -> list[tuple[Any, Tensor | None]]:
    """Each tensor of the config with that of the file: by name, PyTorch's by position."""
    if not inner:
        return [(each, None) for each in tensors]
    if backend_of(config) == "pytorch":
        at = _positions([each.name for each in tensors])
        if sorted(at) != list(range(len(inner))):
            raise InvalidModel(
                f"The config of {config.name!r} describes {len(tensors)} tensors by position, the"
                f" file has {len(inner)}."
            )
        return [(each, inner[place]) for each, place in zip(tensors, at, strict=True)]
    named = {each.name: each for each in inner}
    for each in tensors:
        if each.name not in named:
            raise InvalidModel(
                f"The config of {config.name!r} names {each.name!r}; the file has"
                f" {', '.join(named)}.",
                node=each.name,
            )
    return [(each, named[each.name]) for each in tensors]


def _positions(names: Sequence[str]) -> list[int]:
    found = [_POSITION.fullmatch(each) for each in names]
    said = [int(each[1]) for each in found if each]
    return said if len(said) == len(names) else list(range(len(names)))


def _tensor(config: Any, tensor: Any, twin: Tensor | None, *, outside: bool) -> Tensor:
    dims = dims_of(config, tensor, outside=outside)
    known: Sequence[Dim] = twin.shape if twin and twin.shape else ()
    names = [None if isinstance(each, int) else each for each in known]
    if len(names) != len(dims):
        names = [None] * len(dims)
    return Tensor(
        name=tensor.name,
        dtype=NAMES[type_name(tensor.data_type)],
        shape=tuple(each if each > 0 else name for each, name in zip(dims, names, strict=True)),
        upper=twin.upper if twin else None,
    )


def _argument(name: str, tensor: Tensor) -> Tensor:
    shape = tuple(
        each if each is not None else "batch" if axis == 0 else f"{name}_{axis}"
        for axis, each in enumerate(tensor.shape or ())
    )
    return tensor.model_copy(update={"name": name, "shape": shape})


def _check_batch(config: Any, arrays: Arrays) -> None:
    """
    Raises:
        BadSamples: the batch is larger than Triton takes, or not the same in all inputs.
    """
    if not config.max_batch_size:
        return
    batches = {len(each) if each.ndim else 0 for each in arrays.values()}
    if len(batches) > 1 or max(batches) > config.max_batch_size:
        raise BadSamples(
            f"The model {config.name!r} takes batches of 1 to {config.max_batch_size}, the same"
            f" for all inputs; these are {sorted(batches)}."
        )


def _check(config: Any, tensor: Any, array: NDArray[Any], *, outside: bool) -> None:
    dims, dtype = dims_of(config, tensor, outside=outside), NAMES[type_name(tensor.data_type)]
    if array.dtype.name != dtype or not fits(array.shape, dims):
        raise BadSamples(
            f"The config of {config.name!r} says that {tensor.name!r} is {dtype} {list(dims)}; it"
            f" is {array.dtype.name} {list(array.shape)}.",
            field=tensor.name,
        )


def _answer(config: Any, tensor: Any, array: NDArray[Any], *, outside: bool) -> NDArray[Any]:
    _check(config, tensor, array, outside=False)
    if outside and tensor.HasField("reshape"):
        return array.reshape(_lengths(array, tensor.dims))
    return array


def _lengths(array: NDArray[Any], dims: Sequence[int]) -> tuple[int, ...]:
    """The shape behind the batch; of several lengths that vary, in the order in which they do."""
    return (len(array), *dims)
