"""Wishes: what `modelferry convert` was asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Wish:
    """A target, its options, and how the answer is to be given."""

    to: str
    options: dict[str, Any]
    matrix: dict[str, list[Any]]
    samples: Path | None
    priority: int | None
    detach: bool
    require_verified: bool
    as_json: bool
