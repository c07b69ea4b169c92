"""Faults: what went wrong, as data that survives a process, a row and a wire."""

from pydantic import BaseModel, ConfigDict


class Fault(BaseModel):
    """The part of an error that is stored with a step and shown to its owner."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    band: str
    detail: str
    field: str | None = None
    node: str | None = None
    operator: str | None = None
