"""Architecture: a model that the table of coverage has a line for, and how its file is written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Made = tuple[Any, tuple[Any, ...]]
"""A torch module and example inputs, whose batch is 2."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """`write` puts the model into a file of the format `source`; True: its batch may vary."""

    name: str
    family: str
    source: str
    write: Callable[[Path], bool]
