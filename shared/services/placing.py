"""Placing: what one converter of a route is told, and what the GPU must be that it runs on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from shared.domain.errors import InvalidOptions, SamplesRequired, UnsupportedPrecision
from shared.domain.gpus import ANY, ComputeCapability, Needs, rank, words
from shared.domain.offers import ConverterOffer, Queue
from shared.domain.precisions import CAPABILITY, asked
from shared.domain.rosters import Roster
from shared.domain.routes import NEEDED
from shared.services.options import own_options

INCLUDE: Final = "include"
"""The option that names further jobs. What they wrote is an input of the step, and goes into
its fingerprint; which jobs they were does not."""

WARMUP: Final = "warmup"
"""The option of a repository whose value "samples" wants the user's inputs, which the edge can
otherwise do without."""

LONGEST_NAME: Final = 80
MOST_MEMORY: Final = 1 << 50  # bytes: what a column can hold is more, what a GPU has is less

_CAPABILITY: Final[TypeAdapter[str]] = TypeAdapter(ComputeCapability)


@dataclass(frozen=True, slots=True)
class Placed:
    """The options of one converter, and its step's needs."""

    options: dict[str, Any]
    needs: Needs


def placed(
    edge: ConverterOffer, given: Mapping[str, Any], roster: Roster, *, samples: bool
) -> Placed:
    """What the target's options mean to this edge. `samples`: whether the job brings any.

    Raises:
        InvalidOptions: a value does not fit; names the option and what it may be.
        UnsupportedPrecision: the GPU that was asked for does not compute in the precision.
        SamplesRequired: it cannot do without the user's inputs.
    """
    if edge.wants_samples(given) and not samples:
        raise SamplesRequired(
            f"{edge.name} reads the ranges of values off your own inputs. Send an .npz of samples"
            " with the job: numpy.savez(path, **{input_name: array}), at best a hundred of them.",
            field="samples",
        )
    if edge.queue is not Queue.GPU:
        return Placed(_told(edge, given, (INCLUDE,)), ANY)
    needs = _needs(given)
    _refuse_unable(needs, given, roster)
    others = {name: value for name, value in given.items() if name not in NEEDED}
    return Placed(_told(edge, others, (INCLUDE, *NEEDED)), needs)


def _told(
    edge: ConverterOffer, given: Mapping[str, Any], left_out: tuple[str, ...]
) -> dict[str, Any]:
    own = own_options(edge.options, given)
    return {name: value for name, value in own.items() if name not in left_out}


def _needs(given: Mapping[str, Any]) -> Needs:
    return Needs(
        gpu=_gpu(given.get("gpu")),
        compute_capability=_capability(given.get("compute_capability")),
        at_least=CAPABILITY.get(asked(given)),
        memory=_memory(given.get("gpu_memory")),
    )


def _gpu(value: object) -> str | None:
    if value is None:
        return None
    said = str(value) if type(value) is int else value  # 4090, without quotes
    if isinstance(said, str) and len(said) <= LONGEST_NAME and said.isprintable():
        name = said.strip()
        if words(name):
            return name
    raise InvalidOptions(
        "gpu must be a GPU's name or a part of it in whole words, such as 'H100' or 'RTX 4090';"
        f" it was {value!r}.",
        field="options.gpu",
    )


def _capability(value: object) -> str | None:
    """8.9 is taken for "8.9": whoever writes JSON by hand leaves the quotes out."""
    if value is None:
        return None
    try:
        return _CAPABILITY.validate_python(str(value) if isinstance(value, float) else value)
    except ValidationError:
        raise InvalidOptions(
            f"compute_capability must be written like '8.9' or '12.0'; it was {value!r}.",
            field="options.compute_capability",
        ) from None


def _memory(value: object) -> int | None:
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    if whole is None:
        return None
    if type(whole) is int and 1 <= whole <= MOST_MEMORY:
        return whole
    raise InvalidOptions(
        f"gpu_memory must be a number of bytes from 1 to {MOST_MEMORY}; it was {value!r}.",
        field="options.gpu_memory",
    )


def _refuse_unable(needs: Needs, given: Mapping[str, Any], roster: Roster) -> None:
    """Refuse what no GPU of that name, or of that compute capability, will ever compute in."""
    if needs.at_least is None:
        return
    known = [gpu for member in roster.members for gpu in member.offer.gpus]
    named = {gpu.compute_capability for gpu in known if needs.name in gpu.names}
    asked_for = {needs.compute_capability} if needs.compute_capability else named
    if not asked_for or any(rank(needs.at_least) <= rank(each) for each in asked_for):
        return
    what = f"GPU {needs.gpu}" if needs.gpu else "The GPU that was asked for"
    has = " or ".join(sorted(asked_for, key=rank))
    raise UnsupportedPrecision(
        f"{what} has compute capability {has}, and {asked(given)} needs {needs.at_least} or"
        " later. Ask for a later GPU, or for another precision.",
        field="options.precision",
    )
