"""A running API: `python -m api` as a process of its own, over the servers it is given."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from modelferry.embedded.ports import free_port
from shared.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
TENANT = "X-Modelferry-Tenant"


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make these settings; nothing else of ours is inherited."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    given = settings.model_dump(mode="json", exclude_none=True)
    return {
        **inherited,
        **{f"{PREFIX}{name.upper()}": str(value) for name, value in given.items()},
    }


@dataclass
class Served:
    """`log` is the file that holds all the process has written."""

    url: str
    settings: Settings
    process: subprocess.Popen[bytes]
    log: Path

    def client(self, tenant: str, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={TENANT: tenant}, timeout=30, **options)

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stop(self, seconds: float = 10) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@contextmanager
def serving(
    settings: Settings, folder: Path, prefix: tuple[str, ...] = (), **changes: Any
) -> Iterator[Served]:
    """Start the API, wait until it is alive, and stop it.

    Args:
        folder: where its log goes.
        prefix: a command line that runs the command line behind it.
        changes: settings that differ.
    """
    port = free_port()
    own = settings.model_copy(update={"api_port": port, **changes})
    log = folder / f"api-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "api"],
            cwd=ROOT,
            env=environment(own),
            stdout=output,
            stderr=output,
        )
    served = Served(f"http://127.0.0.1:{port}", own, process, log)
    try:
        _wait(served)
        yield served
    finally:
        if process.poll() is None:
            try:
                served.stop()
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(served: Served, patience: float = 60) -> None:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        assert served.process.poll() is None, served.log.read_text()
        try:
            if httpx.get(f"{served.url}/healthz", timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(served.log.read_text())
