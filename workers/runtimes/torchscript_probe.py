"""Find a TorchScript module's signature by running it: what it takes is what it accepts."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.errors import InvalidModel
from shared.domain.signatures import Dim, Signature, Tensor
from workers.runtime import Given
from workers.runtimes.torchscript_guess import guesses, names
from workers.torch_files.arrays import numpy_name

BATCHES: Final = (2, 3, 1, 4, 8, 16, 32)
"""Tried in order; a traced module may have one baked in."""

LENGTHS: Final = (64, 96, 32, 28, 224, 16, 8, 128, 256, 299)
"""Tried in order for other dimensions: sizes that networks are usually made for."""


HOW: Final = (
    'Send samples (an .npz), or the option inputs: {"name": {"shape": ["batch", 3, 224, 224],'
    ' "dtype": "float32"}}.'
)

Sizes = Mapping[str, int]
Call = Callable[[Sequence[Any]], list[tuple[str, Any]]]


@dataclass(frozen=True, slots=True)
class Probed:
    """What was found out, and sizes of the varying dimensions at which the module ran."""

    signature: Signature
    sizes: Sizes


@dataclass(frozen=True, slots=True)
class _Proven:
    """Inputs that the module took, at the sizes at which it took them."""

    inputs: tuple[Tensor, ...]
    sizes: Sizes
    outputs: Sequence[tuple[str, Any]]


def probe(module: Any, call: Call, given: Given) -> Probed:
    """Inputs as given or as the graph suggests, outputs as they come.

    Args:
        call: runs the module on tensors in order; named output tensors.
        given: what the user said of inputs, by name.

    Raises:
        InvalidModel: what the inputs are was not said and cannot be found out.
    """
    said: str = "nothing"
    for inputs in _candidates(module, given):
        try:
            proven = _first(inputs, call)
        except RuntimeError as error:
            said = _last(error)
            continue
        return _varied(proven, call)
    raise InvalidModel(
        f"What the TorchScript module takes cannot be found out: it refuses every guess. {HOW}"
        f" It said: {said}"
    )


def example(tensor: Tensor, sizes: Sizes) -> Any:
    """A tensor of that shape: random floats, integers below `upper`."""
    import torch

    shape = [each if isinstance(each, int) else sizes[each or ""] for each in tensor.shape or ()]
    dtype = getattr(torch, tensor.dtype)
    if dtype.is_floating_point:
        return torch.randn(shape).to(dtype)
    upper = 2 if dtype == torch.bool else tensor.upper or 2
    return torch.randint(0, upper, shape).to(dtype)


def _candidates(module: Any, given: Given) -> Iterator[tuple[Tensor, ...]]:
    wanted = names(module)
    if given:
        missing = [name for name in wanted if name not in given]
        if missing or len(given) != len(wanted):
            raise InvalidModel(
                f"The module takes {wanted}; the inputs described are {sorted(given)}. {HOW}",
                field="inputs",
            )
        yield tuple(given[name] for name in wanted)
        return
    found = guesses(module)
    unknown = [name for name in wanted if found.get(name) is None]
    if unknown:
        raise InvalidModel(
            f"A TorchScript file does not say what its inputs are, and the graph does not show it"
            f" for {', '.join(unknown)}. {HOW}",
            field="inputs",
        )
    yield from itertools.product(*(found[name] or [] for name in wanted))


def _first(inputs: tuple[Tensor, ...], call: Call) -> _Proven:
    """The first sizes that work.

    Raises:
        RuntimeError: none does; what the module said to the first.
    """
    batches, others = _symbols(inputs)
    refusal: RuntimeError | None = None
    for length in LENGTHS if others else LENGTHS[:1]:
        for batch in BATCHES[: len(BATCHES) if batches else 1]:
            sizes = dict.fromkeys(batches, batch) | dict.fromkeys(others, length)
            try:
                return _Proven(inputs, sizes, _run(inputs, sizes, call))
            except RuntimeError as error:
                refusal = refusal or error
    raise refusal or RuntimeError("no sizes were tried")


def _varied(proven: _Proven, call: Call) -> Probed:
    """Keep a name where the dimension really may vary, else write its one length."""
    batches, others = _symbols(proven.inputs)
    free: dict[str, int] = {}
    for group, lengths in ((batches, BATCHES), (others, LENGTHS)):
        free |= _free(proven, group, lengths, call)
    fixed = {name: size for name, size in proven.sizes.items() if name not in free}
    inputs = tuple(_with(each, fixed) for each in proven.inputs)
    again = _run(inputs, {**proven.sizes, **free}, call) if free else proven.outputs
    outputs = tuple(
        Tensor(
            name=name,
            dtype=numpy_name(before.dtype),
            shape=_output_shape(before.shape, after.shape, proven.sizes, free),
        )
        for (name, before), (_, after) in zip(proven.outputs, again, strict=True)
    )
    return Probed(Signature(inputs=inputs, outputs=outputs), proven.sizes)


def _free(proven: _Proven, group: set[str], lengths: Sequence[int], call: Call) -> dict[str, int]:
    """The group at another size that works too, or nothing."""
    if not group:
        return {}
    for length in lengths:
        sizes = {**proven.sizes, **dict.fromkeys(group, length)}
        if sizes == proven.sizes:
            continue
        try:
            _run(proven.inputs, sizes, call)
        except RuntimeError:
            continue
        return dict.fromkeys(group, length)
    return {}


def _run(inputs: Sequence[Tensor], sizes: Sizes, call: Call) -> list[tuple[str, Any]]:
    return call([example(each, sizes) for each in inputs])


def _symbols(inputs: Sequence[Tensor]) -> tuple[set[str], set[str]]:
    """Names of the dimensions that may vary: those called batch or that come first; all others."""
    first = {each.shape[0] for each in inputs if each.shape and isinstance(each.shape[0], str)}
    every = {dim for each in inputs for dim in each.shape or () if isinstance(dim, str)}
    batches = {"batch"} & every or first
    return batches, every - batches


def _with(tensor: Tensor, fixed: Sizes) -> Tensor:
    shape = tuple(
        fixed.get(each, each) if isinstance(each, str) else each for each in tensor.shape or ()
    )
    return tensor.model_copy(update={"shape": shape})


def _output_shape(
    before: Sequence[int], after: Sequence[int], sizes: Sizes, free: Sizes
) -> tuple[Dim, ...]:
    """A dimension that moved has the name of the input dimension that it moved with, if one."""
    if len(before) != len(after):
        return tuple(None for _ in before)
    named = {(sizes[name], free[name]): name for name in free}
    return tuple(
        int(one) if one == other else named.get((int(one), int(other)))
        for one, other in zip(before, after, strict=True)
    )


def _last(error: RuntimeError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or ["nothing"])[-1][:300]
