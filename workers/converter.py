"""Converters: the edges of the conversion graph.

A converter is one file: a declaration (the arguments of `converter`) and a body, a function
called `convert` that reads `bench.source` and writes `bench.target`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.domain.formats import Format
from shared.domain.offers import Fidelity, Queue


class Options(BaseModel):
    """Base of every converter's options. What is offered to users is their JSON Schema."""

    model_config = ConfigDict(frozen=True, extra="forbid")


O = TypeVar("O", bound=Options)  # noqa: E741 - options
O_co = TypeVar("O_co", bound=Options, covariant=True)

NOTHING: Mapping[str, str] = MappingProxyType({})


class Bench(Protocol[O_co]):
    """All that a converter may touch: paths, its options, and a voice.

    `source` is a file, or a folder where the source's format is a tree (and the `.onnx` file
    of an unpacked zip). `target` does not exist yet: a file or, for a tree, a folder is
    written there. `folder` is scratch room. `samples` are the user's inputs as an .npz.
    """

    @property
    def source(self) -> Path: ...
    @property
    def target(self) -> Path: ...
    @property
    def folder(self) -> Path: ...
    @property
    def samples(self) -> Path | None: ...
    @property
    def options(self) -> O_co: ...
    def say(self, message: str, *, progress: float | None = None) -> None:
        """Tell the user what is going on. `progress` runs from 0 to 1 within the step."""
        ...


@dataclass(frozen=True, slots=True)
class Converter(Generic[O]):
    """One edge.

    `packages` are distributions: the edge is offered only where all are installed, and their
    versions are part of the cache key. `memory` is the expected peak as a multiple of the
    source's size. Raise `version` whenever the same source may yield other bytes. An edge
    with `asked_by` is taken only when that boolean option is true. With an `environment` the
    step runs in a fresh process that has those variables, never in a warm fork.
    """

    source: Format
    target: Format
    options: type[O]
    convert: Callable[[Bench[O]], None]
    summary: str
    version: int
    name: str
    packages: tuple[str, ...] = ()
    memory: float = 3.0
    fidelity: Fidelity = Fidelity.CLOSE
    queue: Queue = Queue.CPU
    asked_by: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: NOTHING)


def converter(
    source: Format,
    target: Format,
    *,
    options: type[O],
    summary: str,
    version: int,
    name: str | None = None,
    packages: tuple[str, ...] = (),
    memory: float = 3.0,
    fidelity: Fidelity = Fidelity.CLOSE,
    queue: Queue = Queue.CPU,
    asked_by: str | None = None,
    environment: Mapping[str, str] = NOTHING,
) -> Callable[[Callable[[Bench[O]], None]], Converter[O]]:
    """Turn a function into an edge. Registers nothing: the catalogue does that, in the open.

    The body may raise any FerryError; any other exception is reported to the user as
    `conversion_failed` with its last line.
    """

    def decorate(convert: Callable[[Bench[O]], None]) -> Converter[O]:
        return Converter(
            source=source,
            target=target,
            options=options,
            convert=convert,
            summary=summary,
            version=version,
            name=name or f"{source}-to-{target}",
            packages=packages,
            memory=memory,
            fidelity=fidelity,
            queue=queue,
            asked_by=asked_by,
            environment=environment,
        )

    return decorate
