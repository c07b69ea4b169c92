"""The servers of the S3 protocol that the object store is held against."""

import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelferry.embedded.ports import free_port

BIN = Path(sys.prefix) / "bin"
BUCKET = "ferry"


@dataclass(frozen=True)
class S3Server:
    """Where it listens, and the keys that it takes."""

    name: str
    url: str
    key: str
    secret: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }


@contextmanager
def listening(command: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Right about signatures; takes no notice of conditions."""
    base = tmp_path_factory.mktemp("rclone")
    (base / "data" / BUCKET).mkdir(parents=True)
    port = free_port()
    server = S3Server("rclone", f"http://127.0.0.1:{port}", "ferry", secrets.token_hex(16))
    keys = f"{server.key},{server.secret}"
    address = f"127.0.0.1:{port}"
    caching = ("--dir-cache-time", "10ms")  # its cache of folders loses new ones now and then
    command = [BIN / "rclone", "serve", "s3", *caching]
    command += ["--auth-key", keys, "--addr", address, base / "data"]
    with listening([str(part) for part in command], port, base / "log"):
        yield server


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Right about conditions and parts; takes any signature."""
    port = free_port()
    server = S3Server("moto", f"http://127.0.0.1:{port}", "ferry", "any")
    command = [str(BIN / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with listening(command, port, tmp_path_factory.mktemp("moto") / "log"):
        bucket = urllib.request.Request(f"{server.url}/{BUCKET}", method="PUT")  # noqa: S310 - it is ours
        urllib.request.urlopen(bucket).close()  # noqa: S310
        yield server
