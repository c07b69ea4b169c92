"""Compatibility: whether an engine runs in another place, from its manifest alone.

Sources: NVIDIA, "Engine Compatibility" of TensorRT 11 and of TensorRT-RTX 1, "CPU-Only AOT and
TensorRT-RTX Engines", and "CUDA Compatibility: Minor Version Compatibility". Nothing is run, and
nothing is guessed: what was not told stays unknown. An engine is tied to its operating system
as well, unless it is TensorRT-RTX's; a place does not say which one it has.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.engines import Manifest
from shared.domain.gpus import GIB, ComputeCapability, rank, words
from shared.domain.precisions import CAPABILITY, Precision

Version = Annotated[str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,6}){0,5}$")]

RTX_CAPABILITIES: Final = frozenset({"8.0", "8.6", "8.9"})
RTX_LATER: Final = "12.0"
"""TensorRT-RTX's engines run on these, and from 12.0 on, on each."""

AMPERE: Final = "8.0"

DRIVERS: Final = {11: 450, 12: 525, 13: 580}
"""The first driver (Linux) of each major release of CUDA, by minor version compatibility."""

ACROSS: Final = frozenset({(8, 10), (10, 11)})
"""Major versions of TensorRT of which the second runs version-compatible engines of the first."""

MOST_BYTES: Final = 1 << 62
TOLD_IN_FULL: Final = 3  # parts of a version of TensorRT: major, minor, patch


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Described(_Told):
    """A GPU that someone describes. `memory` is in bytes."""

    name: str = Field(min_length=1, max_length=120)
    compute_capability: ComputeCapability | None = None
    memory: int | None = Field(None, ge=1, le=MOST_BYTES)
    driver: Version | None = None


class Location(_Told):
    """Where an engine is to run. `library`: TensorRT's version there; `cuda`: its CUDA's."""

    gpu: Described
    library: Version | None = None
    cuda: Version | None = None


class Reason(_Told):
    """Why an engine does not run there. `code` is stable."""

    code: str
    sentence: str


class Unknown(_Told):
    """What would have to be known to say more. `code` is stable."""

    code: str
    sentence: str


class Compatibility(_Told):
    """`runs` is None where nothing speaks against it, but not all that matters is known."""

    runs: bool | None
    reasons: tuple[Reason, ...] = ()
    unknown: tuple[Unknown, ...] = ()


Finding = Reason | Unknown


def compatibility(manifest: Manifest, place: Location) -> Compatibility:
    """Whether the engine runs there, as it is."""
    rules = (_device, _library, _driver, _cuda, _memory, _weights)
    found = [each for rule in rules for each in rule(manifest, place)]
    reasons = tuple(each for each in found if isinstance(each, Reason))
    unknown = tuple(each for each in found if isinstance(each, Unknown))
    runs = False if reasons else None if unknown else True
    return Compatibility(runs=runs, reasons=reasons, unknown=unknown)


def _device(manifest: Manifest, place: Location) -> Iterator[Finding]:
    if manifest.format == "tensorrt-rtx":
        yield from _rtx(manifest, place)
    elif manifest.hardware == "ampere+":
        yield from _ampere(place)
    elif manifest.gpu is None:
        yield Unknown(
            code="built_on", sentence="The manifest does not say which GPU built the engine."
        )
    elif manifest.hardware == "same-compute-capability":
        yield from _same_capability(manifest.gpu.compute_capability, place)
    else:
        yield from _same_kind(manifest, place)


def _rtx(manifest: Manifest, place: Location) -> Iterator[Finding]:
    there = place.gpu.compute_capability
    if there is None:
        yield _untold_capability(place)
        return
    if rank(there) < rank(AMPERE):
        yield Reason(
            code="compute_capability",
            sentence=f"The engine was built for compute capability 8.0, 8.6, 8.9, 12.0 and later;"
            f" {place.gpu.name} has {there}.",
        )
    elif there not in RTX_CAPABILITIES and rank(there) < rank(RTX_LATER):
        yield Unknown(
            code="compute_capability",
            sentence=f"NVIDIA does not say whether TensorRT-RTX runs on compute capability"
            f" {there}; it names 8.0, 8.6, 8.9, 12.0 and later.",
        )
    wanted = {each.value: CAPABILITY.get(each) for each in Precision}.get(manifest.precision)
    if wanted is not None and manifest.precision != Precision.TF32 and rank(there) < rank(wanted):
        yield Reason(
            code="precision",
            sentence=f"The engine computes in {manifest.precision}, which needs compute"
            f" capability {wanted}; {place.gpu.name} has {there}.",
        )


def _ampere(place: Location) -> Iterator[Finding]:
    there = place.gpu.compute_capability
    if there is None:
        yield _untold_capability(place)
    elif rank(there) < rank(AMPERE):
        yield Reason(
            code="compute_capability",
            sentence=f"The engine was built for Ampere and later, compute capability 8.0 on;"
            f" {place.gpu.name} has {there}.",
        )


def _same_capability(built: ComputeCapability, place: Location) -> Iterator[Finding]:
    there = place.gpu.compute_capability
    if there is None:
        yield _untold_capability(place)
    elif there != built:
        yield Reason(
            code="compute_capability",
            sentence=f"The engine was built for compute capability {built} alone;"
            f" {place.gpu.name} has {there}.",
        )


def _same_kind(manifest: Manifest, place: Location) -> Iterator[Finding]:
    built = manifest.gpu
    if built is None:
        return
    there = place.gpu.compute_capability
    said, full = _model(place.gpu.name), _model(built.name)
    if there not in {None, built.compute_capability} or not _within(said, full):
        yield Reason(
            code="other_gpu",
            sentence=f"The engine was built on {built.name} (compute capability"
            f" {built.compute_capability}) for that kind of GPU alone, and {place.gpu.name} is"
            " another. Build one there, or one for more kinds with the option hardware.",
        )
    elif said != full:
        yield Unknown(
            code="name",
            sentence=f"The engine was built on {built.name} for that kind of GPU alone, and"
            f" {place.gpu.name!r} may be another of that name. Tell its whole name, as"
            " `nvidia-smi -L` prints it.",
        )


def _library(manifest: Manifest, place: Location) -> Iterator[Finding]:
    product = "TensorRT-RTX" if manifest.format == "tensorrt-rtx" else "TensorRT"
    built, there = _numbers(manifest.library), _numbers(place.library)
    if not there or not built:
        yield Unknown(
            code="library",
            sentence=f"The version of {product} there is not known; the engine was built with"
            f" {manifest.library}.",
        )
        return
    told = min(len(built), len(there))
    if built[:told] == there[:told]:
        if told < TOLD_IN_FULL:
            yield Unknown(
                code="library",
                sentence=f"{product} {place.library} may be another version than"
                f" {manifest.library}, which built the engine. Tell all of its parts.",
            )
        return
    newer = there > built and (there[0] == built[0] or (built[0], there[0]) in ACROSS)
    if product == "TensorRT" and manifest.version_compatible and newer:
        return
    promise = (
        f"It is version compatible, which reaches later versions of {built[0]}.x only."
        if manifest.version_compatible and product == "TensorRT"
        else f"Engines of {product} run on the version that built them only."
    )
    yield Reason(
        code="library_version",
        sentence=f"The engine was built with {product} {manifest.library}, and {place.library} is"
        f" there. {promise}",
    )


def _driver(manifest: Manifest, place: Location) -> Iterator[Finding]:
    there = _numbers(place.gpu.driver)
    if not there:
        yield Unknown(
            code="driver", sentence=f"The NVIDIA driver of {place.gpu.name} is not known."
        )
        return
    built, of_engine = _numbers(manifest.driver), _numbers(manifest.cuda)
    cuda = _numbers(place.cuda) or of_engine
    if built and there >= built and (place.cuda is None or cuda[:1] <= of_engine[:1]):
        return  # it built the engine, or is newer than what did
    if not cuda:
        yield Unknown(
            code="cuda",
            sentence="Neither the CUDA that the engine was built with nor the one there is known,"
            " so neither is the driver that it needs. Tell the version of CUDA there.",
        )
        return
    needed = next((DRIVERS[major] for major in sorted(DRIVERS) if major >= cuda[0]), None)
    if needed is None:
        yield Unknown(
            code="driver", sentence=f"Which driver CUDA {cuda[0]} needs is not known here."
        )
    elif there[0] < needed:
        yield Reason(
            code="driver_too_old",
            sentence=f"CUDA {cuda[0]} needs driver {needed} or later; {place.gpu.name} has"
            f" {place.gpu.driver}. Update the driver.",
        )


def _cuda(manifest: Manifest, place: Location) -> Iterator[Finding]:
    built, there = _numbers(manifest.cuda), _numbers(place.cuda)
    if built and there and there[0] < built[0]:
        yield Reason(
            code="cuda_too_old",
            sentence=f"The engine was built with CUDA {manifest.cuda}, and {place.cuda} is there."
            " Update CUDA, or build the engine with the older one.",
        )


def _memory(manifest: Manifest, place: Location) -> Iterator[Finding]:
    there = place.gpu.memory
    if there is None:
        yield Unknown(
            code="memory", sentence=f"The memory of {place.gpu.name} is not known, in bytes."
        )
    elif there < manifest.size and not (manifest.gpu and there >= manifest.gpu.memory):
        yield Reason(
            code="memory",
            sentence=f"The engine alone takes {_gib(manifest.size)}; {place.gpu.name} has"
            f" {_gib(there)}.",
        )


def _weights(manifest: Manifest, _: Location) -> Iterator[Finding]:
    if manifest.weight_stripped:
        yield Reason(
            code="needs_refit",
            sentence="The engine was built without its weights. Refit it with those of the ONNX"
            f" model {manifest.source} first.",
        )


def _untold_capability(place: Location) -> Unknown:
    return Unknown(
        code="compute_capability",
        sentence=f"The compute capability of {place.gpu.name!r} is not known. Tell it:"
        " `nvidia-smi --query-gpu=compute_cap --format=csv` prints it.",
    )


def _model(name: str) -> tuple[str, ...]:
    """Its words without the maker's, which NVIDIA itself does not always write."""
    said = words(name)
    return said[1:] if said[:1] == ("nvidia",) else said


def _within(part: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    return any(
        whole[start : start + len(part)] == part for start in range(len(whole) - len(part) + 1)
    )


def _gib(count: int) -> str:
    return f"{min(count, MOST_BYTES) / GIB:.4g} GiB"  # a number of any size may be claimed


def _numbers(version: str | None) -> tuple[int, ...]:
    found = re.match(r"[0-9]{1,6}(?:\.[0-9]{1,6})*", version or "")
    return tuple(map(int, found[0].split("."))) if found else ()
