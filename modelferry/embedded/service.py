"""The whole service as a child: what tests, benches and the demo start and stop."""

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from typing_extensions import override

from modelferry.embedded.part import Part, private_folder
from modelferry.embedded.program import ROOT

PATIENCE = 240.0  # seconds; the supervisor has limits of its own for each part


class Service(Part):
    """A supervisor on `home`. It listens on a free port unless `env` says otherwise."""

    grace = 15.0
    orphan_signal = signal.SIGTERM

    def __init__(self, home: Path, env: Mapping[str, str]) -> None:
        self.home = private_folder(home)
        super().__init__(
            "service",
            what="supervisor",
            where=str(home),
            folder=ROOT,
            log=home / "supervisor.log",
            env={"MODELFERRY_API_PORT": "0", **env, "MODELFERRY_HOME": str(home)},
        )

    @override
    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "modelferry.stack"]

    @override
    def healthy(self) -> bool:
        return self.pid is not None and self._note().get("pid") == self.pid

    @override
    def start(self) -> None:
        self.launch()
        self.wait(PATIENCE)

    @property
    def url(self) -> str:
        return str(self._note()["url"])

    @property
    def told(self) -> dict[str, str]:
        """The MODELFERRY_* variables of its parts: servers, passwords, folders."""
        return dict(self._note()["env"])

    def part(self, name: str) -> int:
        """The process id of a part: postgres, valkey, api, worker or sweeper."""
        return int(self._note()["parts"][name])

    def _note(self) -> dict[str, Any]:
        note = self.home / "running.json"
        return dict(json.loads(note.read_text())) if note.exists() else {}
