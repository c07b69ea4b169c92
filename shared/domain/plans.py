"""Plans: what will be done, fixed at submission and written beside the job."""

import math
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.formats import FORMATS
from shared.domain.gpus import ANY, Needs
from shared.domain.offers import Queue, Toolchain

Proof = Literal["verified", "weights_compared", "converted_not_verified"]
"""Of a result: run against its source; every variable held against its source's; neither."""


class _Frozen(BaseModel):
    # Read back from rows that a later version may have written: what it added is left alone.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Tolerance(_Frozen):
    """|source - result| <= atol + rtol * |source| + (share + noise) * largest, for one dtype.

    `largest` is the largest magnitude of the source's output; `noise` is 256 times the dtype's
    epsilon, at most `atol`: the last bits that sums of large values leave on small ones.
    `share` is what a result may lose that computes in a lower precision than its source; such
    a one must point the same way, too: the cosine of the angle is at least `cosine`.

    These are for outputs of up to ENOUGH elements; `over` has those of larger ones.
    """

    rtol: float
    atol: float
    share: float = 0.0
    cosine: float | None = None

    def over(self, elements: int) -> "Tolerance":
        """What an output of that many elements may differ by.

        The largest of n errors that are alike and independent grows as sqrt(2 ln n) (the extreme
        value of a normal distribution; Cramér, "Mathematical Methods of Statistics", 1946,
        28.6): what is enough for ENOUGH elements is too little for a million of the same
        quality. `cosine` is over all elements, and stays.
        """
        grown = growth(elements)
        return self.model_copy(
            update={
                "rtol": self.rtol * grown,
                "atol": self.atol * grown,
                "share": self.share * grown,
            }
        )


ENOUGH: Final = 1024
"""Elements of an output from which on its tolerance grows."""


def growth(elements: int) -> float:
    """By how much the tolerance of an output of so many elements is wider: 1.41 for a million."""
    return math.sqrt(math.log(max(elements, ENOUGH)) / math.log(ENOUGH))


TOLERANCES: dict[str, Tolerance] = {
    "float64": Tolerance(rtol=1e-5, atol=1e-6),
    "float32": Tolerance(rtol=1e-3, atol=1e-4),
    "float16": Tolerance(rtol=1e-2, atol=1e-2),
    "bfloat16": Tolerance(rtol=4e-2, atol=4e-2),
}
"""By the source's dtype, which the result must keep. One that is not here must agree exactly."""

VERIFIER_VERSION = 5
"""Raise it when the cases or the comparison change: what was proved before is proved again."""

INSPECTOR_VERSION = 3
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
    """Walk one edge. With `samples` the user's inputs go with it; `needs` are of a GPU step.

    A `transplant` takes weights alone from what it reads, and holds each variable that it
    wrote against where it came from.
    """

    kind: Literal["convert"] = "convert"
    converter: str
    version: int
    source: str
    target: str
    options: dict[str, Any]
    samples: bool = False
    transplant: bool = False
    queue: Queue = Queue.CPU
    needs: Needs = ANY
    toolchain: Toolchain

    @property
    def tied(self) -> bool:
        """Whether what it writes is good for the kind of GPU that wrote it, and no other."""
        return self.target in FORMATS and not FORMATS[self.target].portable

    @property
    def capability(self) -> str:
        return f"convert:{self.converter}@{self.version}"

    @property
    def title(self) -> str:
        return f"convert {self.converter}"


class Check(_Frozen):
    """Ask what a target covers of a model, before anything is built.

    `before` is the index, among the route's converts, of the one that it comes before. A
    `binding` check refuses a model that is not covered; another only tells.
    """

    kind: Literal["check"] = "check"
    source: str
    target: str
    version: int
    before: int
    binding: bool = True
    options: dict[str, Any] = Field(default_factory=dict)
    queue: Queue = Queue.CPU
    toolchain: Toolchain

    @property
    def capability(self) -> str:
        return f"check:{self.source}:{self.target}@{self.version}"

    @property
    def title(self) -> str:
        return f"check {self.source} for {self.target}"


class Verify(_Frozen):
    """Run the source and the result on the same inputs and compare what they say.

    `options` are the target's: a dynamic dimension may have been given up on purpose, and a
    precision chosen. What a GPU needs to be for it is known once the result is there. Where
    nobody can run the end of a route, `before` is the index of the convert that it comes
    before: what became of the source so far is run instead. Where nobody can run its beginning,
    a source of weights alone, `after` is the index of the convert whose result is run as the
    source.
    """

    kind: Literal["verify"] = "verify"
    reference: str
    candidate: str
    before: int | None = None
    after: int | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    queue: Queue = Queue.CPU
    needs: Needs = ANY
    toolchain: Toolchain

    @property
    def capability(self) -> str:
        return f"verify:{self.reference}:{self.candidate}"

    @property
    def title(self) -> str:
        return f"verify {self.candidate} against {self.reference}"


Action = Annotated[Inspect | Convert | Check | Verify, Field(discriminator="kind")]


class Route(_Frozen):
    """A path from source to target.

    Unless its `verify` comes at the end, no worker can run one of its ends: `unverified` says
    why. A route whose check is all that was asked for ends with it.
    """

    converts: tuple[Convert, ...]
    check: Check | None = None
    verify: Verify | None
    unverified: str | None = None

    @property
    def name(self) -> str:
        return " → ".join(each.converter for each in self.converts) or "as it is"

    @property
    def proves(self) -> bool:
        """Whether its result is run against the source."""
        return self.verify is not None and self.verify.before is self.verify.after is None

    @property
    def proof(self) -> Proof:
        """What is known of its result once it is there.

        Weights that were compared, variable by variable, and not run where they come from, are
        `weights_compared`; what was made of them afterwards ran against them.
        """
        if self.proves:
            return "verified"
        carried = bool(self.converts) and self.converts[0].transplant
        run = self.verify is not None and self.verify.before is None
        alone = carried and (run or len(self.converts) == 1)
        return "weights_compared" if alone else "converted_not_verified"

    @property
    def actions(self) -> tuple[Convert | Check | Verify, ...]:
        actions: list[Convert | Check | Verify] = list(self.converts)
        if self.verify:
            end = len(actions)
            actions.insert(end if self.verify.before is None else self.verify.before, self.verify)
        if self.check:
            actions.insert(self.check.before, self.check)
        return tuple(actions)


class Declined(_Frozen):
    """An edge that the planner left out, and why: an option that it cannot honour, say."""

    converter: str
    reason: str


class Plan(_Frozen):
    """Inspect, then the routes in the order in which they are tried.

    `purpose` is `check` where nobody wants the result, only to know whether it can be had.
    """

    source: str
    target: str
    purpose: Literal["convert", "check"] = "convert"
    inspect: Inspect
    routes: tuple[Route, ...]
    declined: tuple[Declined, ...] = ()
