"""What this worker can do, told without importing a single framework."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from shared.domain.offers import ConverterOffer, Offer, Queue, RuntimeOffer, Toolchain
from workers.converters import catalogue
from workers.runtimes import RUNTIMES


def offer(
    worker: str,
    host: str,
    *,
    queues: tuple[Queue, ...],
    slots: int,
    memory: int,
    isolation: dict[str, str],
) -> Offer:
    """Announce every converter and runtime whose packages are installed.

    Args:
        worker: this worker's id.
        memory: bytes that its steps may use together.
        isolation: which layers of the sandbox stand, in words.
    """
    return Offer(
        worker=worker,
        host=host,
        queues=queues,
        slots=slots,
        memory=memory,
        converters=tuple(_converters(queues)),
        runtimes=tuple(_runtimes()),
        isolation=isolation,
    )


def toolchain(packages: tuple[str, ...]) -> Toolchain | None:
    """The version of each distribution; None where one is not installed."""
    try:
        return {name: version(name) for name in packages}
    except PackageNotFoundError:
        return None


def _converters(queues: tuple[Queue, ...]) -> Iterable[ConverterOffer]:
    for each in catalogue().values():
        tools = toolchain(each.packages)
        if tools is None or each.queue not in queues:
            continue
        yield ConverterOffer(
            name=each.name,
            version=each.version,
            source=each.source.name,
            target=each.target.name,
            summary=each.summary,
            options=each.options.model_json_schema(),
            fidelity=each.fidelity,
            queue=each.queue,
            asked_by=each.asked_by,
            memory=each.memory,
            toolchain=tools,
        )


def _runtimes() -> Iterable[RuntimeOffer]:
    for name, each in RUNTIMES.items():
        tools = toolchain(each.packages)
        if tools is not None:
            yield RuntimeOffer(format=name, toolchain=tools)
