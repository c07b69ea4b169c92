"""A part: one process of the service, tied to the process that started it.

When the starter dies, even by kill -9, the kernel ends the part (PR_SET_PDEATHSIG). The kernel
watches the starting *thread*, so `spawn` belongs on a thread that lives as long as the service.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

ORDINARY_ID = 1000  # the uid and gid that root has inside its namespace; a mask over root itself
PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
TAIL = 15  # lines of a log that explain a failure

_libc = ctypes.CDLL(None, use_errno=True)


class StackError(Exception):
    """The service cannot run; the message says which part and what to do."""


def private_folder(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def last_lines(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.strip().splitlines()[-TAIL:])


class Part(ABC):
    """One process with its log file, in a session of its own.

    It runs in `folder`. `what` and `where` tell a reader what it is and where to find it. `env`
    replaces the environment.
    """

    grace = 2.0  # seconds between asking it to stop and killing it
    stop_signal = signal.SIGTERM
    orphan_signal = signal.SIGKILL
    drops_root = False

    def __init__(
        self,
        name: str,
        *,
        what: str,
        where: str,
        folder: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.what = what
        self.where = where
        self.folder = folder
        self.log = log
        self.env = env
        self._process: subprocess.Popen[bytes] | None = None
        self._status: int | None = None
        self._mark = 0

    @abstractmethod
    def command(self) -> Sequence[str]: ...

    @abstractmethod
    def healthy(self) -> bool: ...

    def launch(self) -> None:
        """Start it, without waiting for its health."""
        self.spawn()

    def start(self) -> None:
        """Start it and wait until it is healthy.

        Raises:
            StackError: it is not; with the last lines of its log.
        """
        self.launch()
        self.wait()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def status(self) -> int | None:
        """Exit status of the last run; None while it runs and before the first."""
        return self._process.poll() if self._process else self._status

    def spawn(self, spoken: bytes | None = None) -> None:
        """Start the process; `spoken` is what it reads on its standard input."""
        self.kill()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._mark = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log, _root_may_drop(self.name):
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL if spoken is None else subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone
                preexec_fn=self._tether(),  # noqa: PLW1509 - system calls only, no lock
            )
        if spoken is not None and self._process.stdin:
            with self._process.stdin as pipe:
                pipe.write(spoken)

    def wait(self, seconds: float = 30) -> None:
        """Wait until it is healthy.

        Raises:
            StackError: it ended or took longer; with the last lines of its log.
        """
        deadline = time.monotonic() + seconds
        while not self.healthy():
            if self.pid is None:
                raise StackError(f"{self.name} ended with status {self.status}.\n{self.tail()}")
            if time.monotonic() > deadline:
                raise StackError(
                    f"{self.name} was not healthy within {seconds:g} s.\n{self.tail()}"
                )
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask it to end; kill it, and what is left of its session, when it does not."""
        self.ask_to_stop()
        self.end(self.grace)

    def ask_to_stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(self.stop_signal)

    def end(self, seconds: float) -> None:
        """Wait for the end of a part that was asked; then kill what is left of it."""
        if self._process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(max(seconds, 0))
        self.kill()

    def kill(self) -> None:
        """As kill -9 of its whole session."""
        process, self._process = self._process, None
        if process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            self._status = process.wait()

    def restart(self) -> None:
        """On the same port, with the same data."""
        self.stop()
        self.start()

    def said(self) -> str:
        """What it wrote into its log since it was last started."""
        with self.log.open("rb") as log:
            log.seek(self._mark)
            return log.read().decode(errors="replace")

    def tail(self) -> str:
        """The last lines of that."""
        return last_lines(self.said())

    def use(self, command: Sequence[str], spoken: str = "") -> None:
        """Run a tool to its end, as the part itself would run.

        `spoken` is what it reads on its standard input.

        Raises:
            StackError: with what the tool said.
        """
        with _root_may_drop(self.name):
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                input=spoken,
                env=self.env,
                cwd=self.folder,
                preexec_fn=self._tether(),
            )
        if done.returncode:
            raise StackError(f"{self.name} failed:\n{last_lines(done.stdout + done.stderr)}")

    def _tether(self) -> Callable[[], None]:
        """What the child does between fork and exec."""
        parent = os.getpid()
        drops_root = self.drops_root and os.geteuid() == 0

        def tie() -> None:
            if drops_root:
                _mask_root()  # first: a change of credentials clears the tether
            _libc.prctl(PR_SET_PDEATHSIG, self.orphan_signal)
            if os.getppid() != parent:  # it died before the kernel was told to watch it
                os._exit(1)

        return tie


@contextlib.contextmanager
def _root_may_drop(name: str) -> Iterator[None]:
    try:
        yield
    except subprocess.SubprocessError as error:  # what Popen makes of a failing tether
        raise StackError(
            f"{name} refuses to run as root, and this machine does not let root make a user"
            " namespace in which it is not root (unshare is blocked). Run as an ordinary user, or"
            " set MODELFERRY_DATABASE_URL to a PostgreSQL of your own."
        ) from error


def _mask_root() -> None:
    """Give root an ordinary uid inside a user namespace; outside of it nothing changes."""
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    proc = Path("/proc/self")
    (proc / "setgroups").write_text("deny")
    (proc / "uid_map").write_text(f"{ORDINARY_ID} {uid} 1")
    (proc / "gid_map").write_text(f"{ORDINARY_ID} {gid} 1")
