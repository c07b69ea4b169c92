"""What a request costs while nobody watches, and while 300 do, side by side in one run.

    python -m bench.watchers [ROUNDS]

The API runs over PostgreSQL and Valkey of its own; one announced worker never claims, so that
the watched job does not end. Rounds without and with watchers take turns.
"""

import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Final
from urllib.parse import urlsplit

import httpx
from rich.console import Console
from rich.table import Table

from modelferry.embedded.ports import free_port
from modelferry.embedded.postgres import Postgres
from modelferry.embedded.valkey import Valkey
from shared.bootstrap import fleet_services
from shared.domain.offers import Queue
from shared.settings import Settings
from tests.support import files
from workers.offering import offer

ROOT: Final = Path(__file__).resolve().parents[1]
WATCHERS: Final = 300
REQUESTS: Final = 400
PERCENTILES: Final = (50, 90, 99)


@contextmanager
def api() -> Iterator[str]:
    """The address of a running API."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as parts:
        folder = Path(name)
        database, broker = Postgres(folder / "postgres"), Valkey(folder / "valkey")
        for part in (database, broker):
            part.start()
            parts.callback(part.stop)
        (folder / "store").mkdir()
        port = free_port()
        settings = {
            "database_url": database.url(),
            "broker_url": broker.url,
            "store_url": (folder / "store").as_uri(),
            "log_level": "warning",
        }
        env = {
            **os.environ,
            **{f"MODELFERRY_{key.upper()}": value for key, value in settings.items()},
            "MODELFERRY_API_PORT": str(port),
        }
        subprocess.run(
            [sys.executable, "-m", "alembic", "upgrade", "head"], cwd=ROOT, env=env, check=True
        )
        announced = offer(
            "idle", "here", queues=(Queue.CPU,), slots=1, memory=1 << 33, isolation={}
        )
        fleet_services(Settings.model_validate(settings)).fleet.announce(announced)
        served = subprocess.Popen([sys.executable, "-m", "api"], cwd=ROOT, env=env)
        parts.callback(served.wait)
        parts.callback(served.terminate)
        url = f"http://127.0.0.1:{port}"
        _wait(url)
        yield url


def _wait(url: str) -> None:
    while True:
        try:
            httpx.get(f"{url}/readyz").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return


@contextmanager
def watched(url: str, job: str, number: int) -> Iterator[None]:
    """`number` watchers, half of them streams and half long polls, each seen to be served."""
    where = urlsplit(url)
    lines = []
    for index in range(number):
        line = socket.create_connection((where.hostname or "", where.port or 0))
        stream = index % 2 == 0
        path = f"/v1/jobs/{job}/events" if stream else f"/v1/jobs/{job}?wait=60"
        accept = "text/event-stream" if stream else "application/json"
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: {accept}\r\n\r\n".encode())
        lines.append(line)
    for line in lines[::2]:
        line.recv(1 << 16)
    yield
    with selectors.DefaultSelector() as selector:
        for line in lines[1::2]:
            selector.register(line, selectors.EVENT_READ)
        gone = len(selector.select(0))
    for line in lines:
        line.close()
    if gone:
        message = f"{gone} long polls ended before the measurement did"
        raise RuntimeError(message)


def latencies(client: httpx.Client, path: str) -> list[float]:
    """Milliseconds of each of REQUESTS requests, one after the other."""
    took = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        client.get(path).raise_for_status()
        took.append((time.perf_counter() - began) * 1000)
    return took


def main(rounds: int = 3) -> int:
    """Measure and print."""
    measured: dict[int, list[float]] = {0: [], WATCHERS: []}
    with api() as url, httpx.Client(base_url=url, timeout=60) as client:
        model = client.post("/v1/models?name=m.pt2", content=files.program()).json()
        request = {"model_id": model["id"], "targets": [{"format": "onnx"}]}
        job = client.post("/v1/jobs", json=request).json()["jobs"][0]["id"]
        latencies(client, f"/v1/jobs/{job}")  # warm
        for _ in range(rounds):
            for number, took in measured.items():
                with watched(url, job, number):
                    took.extend(latencies(client, f"/v1/jobs/{job}"))
    table = Table(title=f"GET /v1/jobs/…, milliseconds, {rounds} x {REQUESTS} requests")
    table.add_column("watchers", justify="right")
    for percentile in PERCENTILES:
        table.add_column(f"p{percentile}", justify="right")
    for number, took in measured.items():
        cuts = quantiles(took, n=100)
        table.add_row(str(number), *(f"{cuts[percentile - 1]:.1f}" for percentile in PERCENTILES))
    Console().print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
