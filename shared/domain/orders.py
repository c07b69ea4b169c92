"""Orders: all that a child process is told, and all that it says back. JSON on disk.

A step can be replayed by hand: `python -m workers.child FOLDER` on a folder with `order.json`.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.faults import Fault
from shared.domain.gpus import Gpu
from shared.domain.plans import Action, Convert, Tolerance


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Input(_Wire):
    """A file of the child's folder. `path` is relative to the folder."""

    path: str
    format: str


RESULT_FILE: Final = "result.json"
"""What the child writes its note to, under a temporary name, and renames."""

STOP_FILE: Final = "stop"
"""Lies in the folder of a child whose step is being stopped."""


class WorkOrder(_Wire):
    """Read by the child from `order.json`.

    `inputs` is named by role: `source` for inspect, convert and check; `reference`, `candidate`
    and, where the user gave some, `samples` (format `npz`) for verify, with the ONNX model
    that became an engine as `beside`; `extra-0`, `extra-1`… are the further models of a
    repository. A tree format's input is its zip. `output` is where a convert step writes its
    result (a file; a tree is zipped by the child itself). `seed` makes verification
    repeatable. `gpu` is the device that the child has for itself. `caches` are timing caches
    to begin with; a child that knows more afterwards writes `cache_output`. `route` are the
    converts that led to what is verified, what they wrote is `step-0`, `step-1`… as far as it
    can be run, and `seconds` is how long the child may take: what a disagreement is looked into
    with.
    """

    action: Action
    inputs: dict[str, Input]
    output: str
    tolerances: dict[str, Tolerance]
    seed: int = 0
    gpu: Gpu | None = None
    caches: tuple[str, ...] = ()
    cache_output: str | None = None
    route: tuple[Convert, ...] = ()
    seconds: float | None = None


class ProducedNote(_Wire):
    """`output` exists (convert) or `report` is the answer (inspect)."""

    kind: Literal["produced"] = "produced"
    report: dict[str, Any] = Field(default_factory=dict)


class AgreedNote(_Wire):
    kind: Literal["agreed"] = "agreed"
    report: dict[str, Any]


class DisagreedNote(_Wire):
    kind: Literal["disagreed"] = "disagreed"
    fault: Fault
    report: dict[str, Any]


class RefusedNote(_Wire):
    """`report`: what was found out on the way, where that is more than the fault."""

    kind: Literal["refused"] = "refused"
    fault: Fault
    report: dict[str, Any] = Field(default_factory=dict)


class BrokeNote(_Wire):
    kind: Literal["broke"] = "broke"
    fault: Fault


Note = Annotated[
    ProducedNote | AgreedNote | DisagreedNote | RefusedNote | BrokeNote,
    Field(discriminator="kind"),
]
"""Written by the child to `result.json`, under a temporary name and renamed."""


class ProgressNote(_Wire):
    """A line of JSON on the child's progress pipe. `progress` runs from 0 to 1."""

    message: str
    progress: float | None = None
