"""The catalogue of checkers, by source and target."""

from collections.abc import Mapping
from typing import Final

from workers.checker import Checker

CHECKERS: Final[Mapping[tuple[str, str], Checker]] = {}
