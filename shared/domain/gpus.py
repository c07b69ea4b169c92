"""GPUs: what a worker has, and what a step needs of it."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typing_extensions import override

GIB: Final = 1 << 30
WORD: Final = re.compile(r"[a-z0-9]+(?:\.[a-z0-9]+)*")


def _capability(text: str) -> str:
    if not re.fullmatch(r"(?:0|[1-9][0-9]?)\.[0-9]", text):
        message = "a compute capability is written like '8.9'"
        raise ValueError(message)
    return text


ComputeCapability = Annotated[str, AfterValidator(_capability)]
"""As NVIDIA writes it: `8.9`, `12.0`. Compared by `rank`, never as text."""


def rank(capability: ComputeCapability) -> int:
    """Its place in the order of capabilities: 8.9 is 89, 12.0 is 120."""
    major, minor = capability.split(".")
    return int(major) * 10 + int(minor)


def words(name: str) -> tuple[str, ...]:
    """A GPU's name in small words: `NVIDIA GeForce RTX 4090` is nvidia, geforce, rtx, 4090."""
    return tuple(WORD.findall(name.lower()))


class Gpu(BaseModel):
    """One device. `memory` is in bytes; `driver` is the version of the NVIDIA driver."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # a later version may say more

    uuid: str
    name: str
    compute_capability: ComputeCapability
    memory: int
    driver: str

    @property
    def full_name(self) -> str:
        """Its whole name in small words."""
        return " ".join(words(self.name))

    @property
    def kind(self) -> str:
        """What an engine is tied to: devices of one kind can run each other's engines."""
        return f"{self.full_name}/{self.compute_capability}"

    @property
    def bell(self) -> str:
        """The name of the doorbell that workers with such a device listen for."""
        size = self.memory // GIB
        return f"gpu.{'-'.join(words(self.name))}.{self.compute_capability}.{size}"

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that it answers to: each run of words of its own (`h100`, `rtx 4090`)."""
        said = words(self.name)
        ends = range(len(said) + 1)
        return tuple(" ".join(said[start:end]) for end in ends for start in range(end))


class Needs(BaseModel):
    """What a step asks of the GPU that it runs on; None asks nothing.

    `gpu` is a part of its name in whole words (`H100`, `RTX 4090`), or all of it where it must
    be `exact`: an RTX 4070 Ti is not an RTX 4070. `compute_capability` is met by that capability
    alone, `at_least` by it and every later one, `memory` is in bytes.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    gpu: str | None = Field(None, min_length=1, max_length=120)  # NVML's names have 95 at most
    compute_capability: ComputeCapability | None = None
    at_least: ComputeCapability | None = None
    memory: int | None = Field(None, ge=1)
    exact: bool = False

    @property
    def name(self) -> str | None:
        """The name asked for, as `Gpu.names` writes it."""
        return " ".join(words(self.gpu)) if self.gpu is not None else None

    def met_by(self, gpu: Gpu) -> bool:
        """Whether a step that asks for this may run there."""
        capability = gpu.compute_capability
        return (
            self._names(gpu)
            and self.compute_capability in {None, capability}
            and (self.at_least is None or rank(self.at_least) <= rank(capability))
            and (self.memory is None or self.memory <= gpu.memory)
        )

    def _names(self, gpu: Gpu) -> bool:
        if self.name is None:
            return True
        return self.name == gpu.full_name if self.exact else self.name in gpu.names

    @override
    def __str__(self) -> str:
        """In words: `GPU H200, compute capability 9.0`; `any GPU` where nothing is asked."""
        said = [
            f"GPU {self.gpu}" if self.gpu else "",
            f"compute capability {self.compute_capability}" if self.compute_capability else "",
            f"compute capability {self.at_least} or later" if self.at_least else "",
            f"{self.memory / GIB:.4g} GiB of GPU memory" if self.memory else "",
        ]
        return ", ".join(filter(None, said)) or "any GPU"


ANY: Final = Needs()


def exactly(gpu: Gpu) -> Needs:
    """The needs of what must run on the same kind of device."""
    return Needs(gpu=gpu.name, compute_capability=gpu.compute_capability, exact=True)
