"""Checkers: ask what a target covers of a model, without building anything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.domain.coverage import Coverage
from shared.domain.formats import Format


@dataclass(frozen=True, slots=True)
class Checker:
    """One question that can be answered.

    `check(path, options)` reads a model of `source`; `options` are the target's. `packages`
    and `libraries` are as with a Converter. Raise `version` when an answer may change. A
    `binding` one comes before the build in ordinary jobs, and refuses what it calls uncovered:
    for builds that take long, or a GPU, and by a library whose answer is the build's own.
    """

    source: Format
    target: Format
    version: int
    check: Callable[[Path, Mapping[str, Any]], Coverage]
    packages: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    binding: bool = False
