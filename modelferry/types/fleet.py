"""The fleet: who is there, and what can be turned into what."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from modelferry.types.engines import Gpu


@dataclass(frozen=True, slots=True)
class ConverterOffer:
    """An edge of the graph. `options` is the JSON Schema of its options."""

    name: str
    version: int
    source: str
    target: str
    summary: str
    options: dict[str, Any]
    fidelity: int
    queue: str = "cpu"
    asked_by: str | None = None
    asked_for: bool | str | None = True
    turn: int = 0
    samples: bool = False
    samples_for: dict[str, str] = field(default_factory=dict)
    transplant: bool = False
    timed: str | None = None
    memory: float = 3.0
    toolchain: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckerOffer:
    """What can say of a source, before it is converted, which nodes of it the target covers.

    A `binding` one has its say in ordinary jobs, too, before anything is built.
    """

    source: str
    target: str
    version: int
    binding: bool = True
    toolchain: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuntimeOffer:
    format: str
    queue: str = "cpu"
    toolchain: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """All that one worker can do. `memory` is in bytes; `slots` is how many steps at once on
    its CPUs, and each of its `gpus` is one more. `known`: converters that it has heard of, and
    that other workers may offer. `missing`: what it looked for at its start and
    did not find.
    """

    worker: str
    host: str
    queues: tuple[str, ...]
    slots: int
    memory: int
    converters: tuple[ConverterOffer, ...]
    runtimes: tuple[RuntimeOffer, ...]
    checkers: tuple[CheckerOffer, ...] = ()
    known: tuple[ConverterOffer, ...] = ()
    gpus: tuple[Gpu, ...] = ()
    missing: tuple[str, ...] = ()
    isolation: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A worker that announced itself. `online`: heard from within the last lease term."""

    id: str
    offer: Offer
    online: bool
    started_at: datetime
    seen_at: datetime
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True)
class RouteView:
    """A chain of converters. `online`: workers for every step of it are there now."""

    source: str
    target: str
    converters: tuple[str, ...]
    verified: bool
    online: bool


@dataclass(frozen=True, slots=True)
class FormatView:
    """One way of writing a model down. `layout` is `file` or `tree` (a folder)."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    layout: str
    portable: bool
