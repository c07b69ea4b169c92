"""Plans: what will be done, fixed at submission and written beside the job."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.offers import Queue, Toolchain


class _Frozen(BaseModel):
    # Read back from rows that a later version may have written: what it added is left alone.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Tolerance(_Frozen):
    """|source - result| <= atol + rtol * |source| + noise * largest, for one dtype.

    `largest` is the largest magnitude of the source's output; `noise` is 256 times the dtype's
    epsilon, at most `atol`: the last bits that sums of large values leave on small ones.
    """

    rtol: float
    atol: float


TOLERANCES: dict[str, Tolerance] = {
    "float64": Tolerance(rtol=1e-5, atol=1e-6),
    "float32": Tolerance(rtol=1e-3, atol=1e-4),
    "float16": Tolerance(rtol=1e-2, atol=1e-2),
    "bfloat16": Tolerance(rtol=4e-2, atol=4e-2),
}
"""By the source's dtype, which the result must keep. One that is not here must agree exactly."""

VERIFIER_VERSION = 2
"""Raise it when the cases or the comparison change: what was proved before is proved again."""

INSPECTOR_VERSION = 2
"""Raise it when an inspection may say something else of the same file: names, shapes, bounds."""


class Inspect(_Frozen):
    """Read the source: signature, parameters, operators.

    `options` are the target's: some formats do not say what their inputs are.
    """

    kind: Literal["inspect"] = "inspect"
    format: str
    options: dict[str, Any] = Field(default_factory=dict)
    queue: Queue = Queue.CPU
    toolchain: Toolchain

    @property
    def capability(self) -> str:
        return f"inspect:{self.format}"

    @property
    def title(self) -> str:
        return f"inspect {self.format}"


class Convert(_Frozen):
    """Walk one edge."""

    kind: Literal["convert"] = "convert"
    converter: str
    version: int
    source: str
    target: str
    options: dict[str, Any]
    queue: Queue = Queue.CPU
    toolchain: Toolchain

    @property
    def capability(self) -> str:
        return f"convert:{self.converter}@{self.version}"

    @property
    def title(self) -> str:
        return f"convert {self.converter}"


class Verify(_Frozen):
    """Run the source and the result on the same inputs and compare what they say.

    `options` are the target's: a dynamic dimension may have been given up on purpose.
    """

    kind: Literal["verify"] = "verify"
    reference: str
    candidate: str
    options: dict[str, Any] = Field(default_factory=dict)
    queue: Queue = Queue.CPU
    toolchain: Toolchain

    @property
    def capability(self) -> str:
        return f"verify:{self.reference}:{self.candidate}"

    @property
    def title(self) -> str:
        return f"verify {self.candidate} against {self.reference}"


Action = Annotated[Inspect | Convert | Verify, Field(discriminator="kind")]


class Route(_Frozen):
    """A path from source to target. Without `verify`, no worker can run one of its ends."""

    converts: tuple[Convert, ...]
    verify: Verify | None

    @property
    def name(self) -> str:
        return " → ".join(each.converter for each in self.converts) or "as it is"

    @property
    def actions(self) -> tuple[Convert | Verify, ...]:
        return (*self.converts, self.verify) if self.verify else self.converts


class Declined(_Frozen):
    """An edge that the planner left out, and why: an option that it cannot honour, say."""

    converter: str
    reason: str


class Plan(_Frozen):
    """Inspect, then the routes in the order in which they are tried."""

    source: str
    target: str
    inspect: Inspect
    routes: tuple[Route, ...]
    declined: tuple[Declined, ...] = ()
