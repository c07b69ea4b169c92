"""Results: what became of a case."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Status(StrEnum):
    PASSED = "passed"
    FAILED = "failed"  # it ran, and something else came out
    REFUSED = "refused"  # it was not run: the engine said why
    CRASHED = "crashed"  # the process died
    TIMEOUT = "timeout"


class Result(BaseModel):
    """One case. `reason` is a sentence; `code`, `operator` and `node` are those of the error,
    and `code` is `exception` where the engine raised something that is no refusal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    status: Status
    seconds: float = 0.0
    reason: str | None = None
    code: str | None = None
    operator: str | None = None
    node: str | None = None


class Summary(BaseModel):
    """A whole run; `results` are in the order of their names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str
    cases: int
    passed: int
    seconds: float
    results: tuple[Result, ...]
