"""Offers: what a worker says it can do when it comes on line."""

from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum
from typing import Any, assert_never

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.gpus import Gpu, Needs


class Queue(StrEnum):
    """A class of workers. A doorbell rings one of them."""

    CPU = "cpu"
    GPU = "gpu"


class Fidelity(IntEnum):
    """How much of the model survives. The planner prefers less loss before fewer hops."""

    EXACT = 0  # same numbers, same shapes
    CLOSE = 1  # same numbers within float tolerance
    NARROW = 2  # same numbers, but a dimension that could vary is fixed
    LOSSY = 3  # quantised, pruned: only taken when asked for


Toolchain = dict[str, str]
"""Package name to version: what may change the bytes that a step writes."""


class ConverterOffer(BaseModel):
    """An edge of the graph, as a worker announces it.

    `options` is the JSON Schema of the converter's options. `asked_by`, where set, is the
    option that must be `asked_for` for the planner to put the edge in: such an edge leads
    from a format to itself, unless it is a `transplant`, which comes first on its path and
    takes weights alone from its source. Where `asked_for` is None any value asks for it, and
    the edge's own schema says which are taken. Of edges at one stop those of a lower `turn` come
    first, and those of one turn in the order of their names. With `samples` it wants the user's
    inputs (to calibrate, say), and a job without any is refused; with `samples_for` only where
    one of these options has that value. `memory` is the expected peak as a multiple of the
    input's size. `timed` names the library of its toolchain whose timing cache it keeps.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")  # a later version may say more

    name: str
    version: int
    source: str
    target: str
    summary: str
    options: dict[str, Any]
    fidelity: Fidelity
    queue: Queue = Queue.CPU
    asked_by: str | None = None
    asked_for: bool | str | None = True
    turn: int = 0
    samples: bool = False
    samples_for: dict[str, str] = Field(default_factory=dict)
    transplant: bool = False
    memory: float = 3.0
    timed: str | None = None
    toolchain: Toolchain = Field(default_factory=dict)

    @property
    def capability(self) -> str:
        return f"convert:{self.name}@{self.version}"

    def wants_samples(self, options: Mapping[str, Any]) -> bool:
        """Whether it cannot do without the user's inputs, with these options."""
        wanted = self.samples_for.items()
        return self.samples or any(options.get(name) == value for name, value in wanted)


class CheckerOffer(BaseModel):
    """Something that can say of a model, before it is converted, what a target covers of it.

    A `binding` one has its say in ordinary jobs, too, before anything is built.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")  # a later version may say more

    source: str
    target: str
    version: int
    binding: bool = True
    toolchain: Toolchain = Field(default_factory=dict)

    @property
    def capability(self) -> str:
        return f"check:{self.source}:{self.target}@{self.version}"


class RuntimeOffer(BaseModel):
    """A format that the worker can inspect and run; `queue` is where it can be run."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # a later version may say more

    format: str
    queue: Queue = Queue.CPU
    toolchain: Toolchain = Field(default_factory=dict)


class Offer(BaseModel):
    """All that one worker can do.

    `memory` is in bytes; `slots` is how many steps it runs at once on the CPU, and each of its
    `gpus` is a slot of its own. `known` are converters for GPUs that it has heard of and cannot
    serve: a job may wait for a worker that can. `missing`: what it looked for at its start
    and did not find, in sentences for its operator.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")  # a later version may say more

    worker: str
    host: str
    queues: tuple[Queue, ...]
    slots: int
    memory: int
    converters: tuple[ConverterOffer, ...]
    runtimes: tuple[RuntimeOffer, ...]
    checkers: tuple[CheckerOffer, ...] = ()
    known: tuple[ConverterOffer, ...] = ()
    gpus: tuple[Gpu, ...] = ()
    missing: tuple[str, ...] = ()
    isolation: dict[str, str] = Field(default_factory=dict)

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the claim query matches a step against: what its own queues have need of."""
        held = self.runtimes
        on_cpu = Queue.CPU in self.queues
        return (
            *(f"inspect:{one.format}" for one in held if on_cpu or one.queue in self.queues),
            *(each.capability for each in self.converters if each.queue in self.queues),
            *(each.capability for each in self.checkers if Queue.CPU in self.queues),
            *(
                f"verify:{one.format}:{other.format}"
                for one in held
                for other in held
                if queue_of(one, other) in self.queues
            ),
        )

    @property
    def bells(self) -> dict[str, int]:
        """The doorbells that it listens for, and how many steps each can set going at once."""
        bells = {Queue.CPU.value: self.slots} if Queue.CPU in self.queues else {}
        for gpu in self.gpus:
            bells[gpu.bell] = bells.get(gpu.bell, 0) + 1
        return bells


def queue_of(*runtimes: RuntimeOffer) -> Queue:
    """Where all of them can be run together."""
    return Queue.GPU if any(each.queue is Queue.GPU for each in runtimes) else Queue.CPU


def bells_for(queue: Queue, needs: Needs, gpus: Iterable[Gpu]) -> frozenset[str]:
    """The doorbells to ring for a step: those of all the devices there are that would do."""
    match queue:
        case Queue.CPU:
            return frozenset({Queue.CPU.value})
        case Queue.GPU:
            return frozenset(gpu.bell for gpu in gpus if needs.met_by(gpu))
        case _:
            assert_never(queue)
