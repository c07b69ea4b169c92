"""Trial: what became of a pair, as docs/coverage.json keeps it."""

from typing import Final

from pydantic import BaseModel, ConfigDict

TOLERANCE: Final = 1e-4
"""Relative to the largest number of each output."""


class Carried(BaseModel):
    """One way. Of the `variables` of the target `mapped` were found a source; `least` is the
    smallest confidence among them. `max_rel` is the largest error of any output, both models
    run; or else `code` and `reason` say why there is none, or why it is too large."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mapped: int
    variables: int
    complete: bool
    least: float | None = None
    max_rel: float | None = None
    code: str | None = None
    reason: str | None = None

    @property
    def passed(self) -> bool:
        """Completely mapped, and the two compute the same."""
        return self.complete and self.max_rel is not None and self.max_rel <= TOLERANCE


class Trial(BaseModel):
    """Both ways, without a mapping file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: str
    to_pytorch: Carried
    to_keras: Carried
    seconds: float

    @property
    def passed(self) -> bool:
        """Both ways."""
        return self.to_pytorch.passed and self.to_keras.passed
