"""Converters: the edges of the conversion graph.

A converter is one file: a declaration (the arguments of `converter`) and a body, a function
called `convert` that reads `bench.source` and writes `bench.target`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.domain.formats import Format
from shared.domain.gpus import Gpu
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
    `extras` are the further models of a repository, as they were stored. `template` is the
    model that a transplant puts its weights into, a file or a folder as `source` is. `gpu` is
    the device that the step has for itself. `caches` are timing caches to begin with; what was
    learnt goes to `cache_output`.
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
    def extras(self) -> tuple[Path, ...]: ...
    @property
    def template(self) -> Path | None: ...
    @property
    def gpu(self) -> Gpu | None: ...
    @property
    def caches(self) -> tuple[Path, ...]: ...
    @property
    def cache_output(self) -> Path: ...
    @property
    def options(self) -> O_co: ...
    def say(self, message: str, *, progress: float | None = None) -> None:
        """Tell the user what is going on. `progress` runs from 0 to 1 within the step."""
        ...

    def note(self, **facts: Any) -> None:
        """Add facts to the step's report, as JSON can hold them."""
        ...

    def stopping(self) -> bool:
        """Whether the step is to end: a body with a `grace` looks now and then, and returns."""
        ...


@dataclass(frozen=True, slots=True)
class Converter(Generic[O]):
    """One edge.

    `packages` are distributions: the edge is offered only where all are installed, and their
    versions are part of the cache key. So are `libraries`, which are found where the worker's
    settings say (`workers.tensorrt_bridge.library`). `memory` is the expected peak as a
    multiple of the source's size. Raise `version` whenever the same source may yield other
    bytes. An edge with `asked_by` is taken only when that option is `asked_for`, where
    None stands for any value; of several at one format those of a lower `turn` come first. With
    `samples` it cannot do without the user's inputs, nor where one of the options of
    `samples_for` has the value there. With an `environment` the step runs in a
    fresh process that has those variables, never in a warm fork. A body that is told to stop
    has `grace` seconds before it is killed. `timed` ones keep a timing cache. A `transplant`
    takes the weights of its source and nothing else: those of `asked_by` are the first on
    their paths, where others lead from a format to itself.
    """

    source: Format
    target: Format
    options: type[O]
    convert: Callable[[Bench[O]], None]
    summary: str
    version: int
    name: str
    packages: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    memory: float = 3.0
    fidelity: Fidelity = Fidelity.CLOSE
    queue: Queue = Queue.CPU
    asked_by: str | None = None
    asked_for: bool | str | None = True
    turn: int = 0
    samples: bool = False
    samples_for: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    environment: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    grace: float = 0.0
    timed: bool = False
    transplant: bool = False


def converter(
    source: Format,
    target: Format,
    *,
    options: type[O],
    summary: str,
    version: int,
    name: str | None = None,
    packages: tuple[str, ...] = (),
    libraries: tuple[str, ...] = (),
    memory: float = 3.0,
    fidelity: Fidelity = Fidelity.CLOSE,
    queue: Queue = Queue.CPU,
    asked_by: str | None = None,
    asked_for: bool | str | None = True,
    turn: int = 0,
    samples: bool = False,
    samples_for: Mapping[str, str] = NOTHING,
    environment: Mapping[str, str] = NOTHING,
    grace: float = 0.0,
    timed: bool = False,
    transplant: bool = False,
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
            libraries=libraries,
            memory=memory,
            fidelity=fidelity,
            queue=queue,
            asked_by=asked_by,
            asked_for=asked_for,
            turn=turn,
            samples=samples,
            samples_for=samples_for,
            environment=environment,
            grace=grace,
            timed=timed,
            transplant=transplant,
        )

    return decorate
