"""Offers: what a worker says it can do when it comes on line."""

from enum import IntEnum, StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


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
    boolean option that must be true for the planner to put the edge in: such an edge leads
    from a format to itself. `memory` is the expected peak as a multiple of the input's size.
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
    memory: float = 3.0
    toolchain: Toolchain = Field(default_factory=dict)

    @property
    def capability(self) -> str:
        return f"convert:{self.name}@{self.version}"


class RuntimeOffer(BaseModel):
    """A format that the worker can inspect and run."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # a later version may say more

    format: str
    toolchain: Toolchain = Field(default_factory=dict)


class Offer(BaseModel):
    """All that one worker can do. `memory` is in bytes; `slots` is how many steps at once."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # a later version may say more

    worker: str
    host: str
    queues: tuple[Queue, ...]
    slots: int
    memory: int
    converters: tuple[ConverterOffer, ...]
    runtimes: tuple[RuntimeOffer, ...]
    isolation: dict[str, str] = Field(default_factory=dict)

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the claim query matches a step against."""
        formats = [runtime.format for runtime in self.runtimes]
        return (
            *(f"inspect:{name}" for name in formats),
            *(converter.capability for converter in self.converters),
            *(f"verify:{one}:{other}" for one in formats for other in formats),
        )
