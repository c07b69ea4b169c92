"""A program of the service itself: `python -m MODULE`, told by its environment."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from typing_extensions import override

from modelferry.embedded.part import Part

ROOT = Path(__file__).parents[2]


class Program(Part):
    """`ready` says whether it does its work."""

    def __init__(
        self,
        name: str,
        module: str,
        *,
        what: str,
        where: str,
        log: Path,
        env: Mapping[str, str],
        ready: Callable[["Program"], bool],
    ) -> None:
        super().__init__(name, what=what, where=where, folder=ROOT, log=log, env=env)
        self.module = module
        self._ready = ready

    @override
    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", self.module]

    @override
    def healthy(self) -> bool:
        return self._ready(self)
