"""What this worker can do, told without importing a single framework."""

from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from shared.domain.gpus import Gpu
from shared.domain.offers import (
    CheckerOffer,
    ConverterOffer,
    Offer,
    Queue,
    RuntimeOffer,
    Toolchain,
)
from workers.checkers import CHECKERS
from workers.converter import Converter
from workers.converters import catalogue
from workers.runtimes import RUNTIMES

NONE_FOUND: Mapping[str, str] = {}


def offer(
    worker: str,
    host: str,
    *,
    queues: tuple[Queue, ...],
    slots: int,
    memory: int,
    isolation: dict[str, str],
    libraries: Mapping[str, str] = NONE_FOUND,
    gpus: tuple[Gpu, ...] = (),
    missing: tuple[str, ...] = (),
) -> Offer:
    """Announce every converter, runtime and checker that can do its work here.

    Its packages are installed, its libraries were found, and one of the queues is its own;
    without a GPU nobody serves the queue of GPUs.

    Args:
        worker: this worker's id.
        memory: bytes that its steps may use together.
        isolation: which layers of the sandbox stand, in words.
        libraries: the versions of those that were found.
        missing: what was not, in sentences for the operator.
    """
    queues = served(queues, gpus)
    converters = tuple(_converters(queues, libraries))
    return Offer(
        worker=worker,
        host=host,
        queues=queues,
        slots=slots,
        memory=memory,
        converters=converters,
        runtimes=tuple(_runtimes(queues, libraries)),
        checkers=tuple(_checkers(queues, libraries)),
        known=tuple(_known(converters)),
        gpus=gpus,
        missing=missing,
        isolation=isolation,
    )


def served(queues: tuple[Queue, ...], gpus: tuple[Gpu, ...]) -> tuple[Queue, ...]:
    """Those of the queues that a worker with these devices can serve."""
    return tuple(queue for queue in queues if gpus or queue is not Queue.GPU)


def toolchain(
    packages: tuple[str, ...],
    libraries: tuple[str, ...] = (),
    found: Mapping[str, str] = NONE_FOUND,
) -> Toolchain | None:
    """The version of each distribution and library; None where one is not there."""
    if not found.keys() >= set(libraries):
        return None
    try:
        versions = {name: version(name) for name in packages}
    except PackageNotFoundError:
        return None
    return versions | {name: found[name] for name in libraries}


def _converters(
    queues: tuple[Queue, ...], libraries: Mapping[str, str]
) -> Iterable[ConverterOffer]:
    for each in catalogue().values():
        tools = toolchain(each.packages, each.libraries, libraries)
        if tools is not None and each.queue in queues:
            yield _told(each, tools)


def _known(offered: Iterable[ConverterOffer]) -> Iterable[ConverterOffer]:
    """What GPU workers do, where this is none: their jobs are planned before one is started."""
    names = {each.name for each in offered}
    for each in catalogue().values():
        if each.queue is Queue.GPU and each.name not in names:
            yield _told(each, {})


def _told(converter: Converter[Any], tools: Toolchain) -> ConverterOffer:
    return ConverterOffer(
        name=converter.name,
        version=converter.version,
        source=converter.source.name,
        target=converter.target.name,
        summary=converter.summary,
        options=converter.options.model_json_schema(),
        fidelity=converter.fidelity,
        queue=converter.queue,
        asked_by=converter.asked_by,
        asked_for=converter.asked_for,
        turn=converter.turn,
        samples=converter.samples,
        samples_for=dict(converter.samples_for),
        transplant=converter.transplant,
        memory=converter.memory,
        timed=converter.libraries[0] if converter.timed else None,
        toolchain=tools,
    )


def _runtimes(queues: tuple[Queue, ...], libraries: Mapping[str, str]) -> Iterable[RuntimeOffer]:
    """A worker of GPUs alone runs those of the CPU, too: what it verifies has two ends."""
    for name, each in RUNTIMES.items():
        tools = toolchain(each.packages, each.libraries, libraries)
        if tools is not None and (each.queue in queues or (queues and each.queue is Queue.CPU)):
            yield RuntimeOffer(format=name, queue=each.queue, toolchain=tools)


def _checkers(queues: tuple[Queue, ...], libraries: Mapping[str, str]) -> Iterable[CheckerOffer]:
    """A check is work for the CPU."""
    for each in CHECKERS.values() if Queue.CPU in queues else ():
        tools = toolchain(each.packages, each.libraries, libraries)
        if tools is not None:
            yield CheckerOffer(
                source=each.source.name,
                target=each.target.name,
                version=each.version,
                binding=each.binding,
                toolchain=tools,
            )
