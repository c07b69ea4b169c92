"""Kept: docs/coverage.json, from which docs/coverage.md is drawn and to which CI holds us."""

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from bench.coverage.rows import Row
from bench.pairs.trial import Trial

ROOT: Final = Path(__file__).resolve().parents[2]
PATH: Final = ROOT / "docs" / "coverage.json"

Way = Literal["cpu", "gpu"]


class Pair(BaseModel):
    """How one format becomes another: by the converters of `route`, on a CPU or with a GPU.

    `verified`: the result is run against its source, or where the source is weights alone against
    the template that they were put into; else `reason` says why not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    way: Way
    verified: bool
    route: tuple[str, ...]
    reason: str | None = None


class Counts(BaseModel):
    """One engine on ONNX's backend cases, by the folder of the case: how many there are and how
    many passed. `open` names those of our own importers that did not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    cases: dict[str, int]
    passed: dict[str, int]
    statuses: dict[str, int]
    seconds: float
    open: list[str] | None = None


class Kept(BaseModel):
    """All tables."""

    model_config = ConfigDict(extra="forbid")

    formats: dict[str, dict[str, Pair]] = Field(default_factory=dict)
    models: dict[str, Row] = Field(default_factory=dict)
    backend: dict[str, Counts] = Field(default_factory=dict)
    pairs: dict[str, Trial] = Field(default_factory=dict)


def read() -> Kept:
    """What was found before; nothing where there is no file."""
    return Kept.model_validate_json(PATH.read_bytes()) if PATH.exists() else Kept()


def write(kept: Kept) -> None:
    """Replace the file: after each line of a table, so that a table can be gone on with."""
    draft = PATH.with_name(f".{PATH.name}")
    draft.write_text(kept.model_dump_json(indent=1, exclude_none=True) + "\n")
    draft.replace(PATH)
