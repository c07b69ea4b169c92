"""The hearth: the worker's side of the fork server. Keeps one burning, asks it for children."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from shared.domain.errors import Crashed
from shared.telemetry import logger
from workers.birth import Request
from workers.warm import PRELOAD

log = logger(__name__)

ROOT: Final = Path(__file__).parents[1]
STANDARD_ERROR: Final = 2
NOTHING: Final[Mapping[str, str]] = {}
REKINDLE: Final = 1.0
"""Seconds to wait before a fork server that died is replaced."""


@dataclass(frozen=True, slots=True)
class Strand:
    """Our ends of what joins us to a child: closing `lifeline` ends it and all its kin."""

    lifeline: socket.socket
    output: int
    notes: int

    def close(self) -> None:
        self.lifeline.close()
        os.close(self.output)
        os.close(self.notes)


class Hearth:
    """A fork server, replaced whenever it dies.

    The kernel ties the server's life to the thread that started it: `_tend` runs in one that
    lives as long as the hearth.

    Args:
        scratch: the server's HOME, a folder of its own.
        threads: how many threads each child's libraries may use.
        entry: the module whose `main(folder, notes_fd)` is the child.
        path: more folders to import from.
        variables: more that every child is to know.
    """

    def __init__(
        self,
        scratch: Path,
        *,
        threads: int = 1,
        entry: str = "workers.child",
        preload: Sequence[str] = PRELOAD,
        path: Iterable[Path] = (),
        variables: Mapping[str, str] = NOTHING,
    ) -> None:
        self._environment = clean_environment(scratch, threads, path) | dict(variables)
        self._arguments = (entry, *preload)
        self._lock = threading.Lock()
        self._orders = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._server: subprocess.Popen[bytes] | None = None
        self._lit = threading.Event()
        self._closing = threading.Event()
        self._tender = threading.Thread(target=self._tend, name="hearth", daemon=True)

    def light(self) -> None:
        """Start the server. Children that are asked for meanwhile wait until it has preloaded."""
        self._tender.start()
        self._lit.wait()

    def fork(self, request: Request) -> Strand:
        """Ask for a child.

        Raises:
            Crashed: the fork server has just died.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        output, output_end = os.pipe()
        notes, notes_end = os.pipe()
        strand = Strand(ours, output, notes)
        try:
            message = json.dumps(asdict(request)).encode()
            with self._lock:
                socket.send_fds(self._orders, [message], [theirs.fileno(), output_end, notes_end])
        except OSError as error:
            strand.close()
            raise Crashed("The fork server has died; the step is tried again.") from error
        finally:
            theirs.close()
            os.close(output_end)
            os.close(notes_end)
        return strand

    def close(self) -> None:
        """End the server and wait until it is gone."""
        self._closing.set()
        with self._lock:
            self._orders.close()
            if self._server is not None:
                self._server.kill()
        self._tender.join()

    def _tend(self) -> None:
        while not self._closing.is_set():
            server = self._start()
            self._lit.set()
            code = server.wait()
            if not self._closing.is_set():
                log.error("fork_server_died", status=code)
                self._closing.wait(REKINDLE)

    def _start(self) -> subprocess.Popen[bytes]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = (sys.executable, "-P", "-m", "workers.warm", str(os.getpid()))
        with theirs, self._lock:
            server = subprocess.Popen(
                (*command, *self._arguments),
                stdin=theirs.fileno(),
                stdout=STANDARD_ERROR,
                env=self._environment,
                cwd=self._environment["HOME"],
                start_new_session=True,
            )
            self._orders.close()
            self._orders, self._server = ours, server
            if self._closing.is_set():
                server.kill()
        return server


def clean_environment(scratch: Path, threads: int, path: Iterable[Path] = ()) -> dict[str, str]:
    """What a child may know: where programs and our modules are, and how many threads it has."""
    each = str(threads)
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)  # converters of others, perhaps
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, *path, *filter(None, known)))),
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": each,
        "OPENBLAS_NUM_THREADS": each,
        "MKL_NUM_THREADS": each,
        "TF_NUM_INTRAOP_THREADS": each,
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
