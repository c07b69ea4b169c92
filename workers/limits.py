"""Limits: what one step may use, and the one place where a child gives up its rights."""

import os
import resource
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workers.kernel import gain_nothing
from workers.processes import asked_for

HEADROOM: Final = 1 << 30
"""What RLIMIT_DATA leaves beyond the limit: it counts pages that were asked for and never used,
so the runner's watch on pages in use must come first. It stops what outruns that watch."""

ISOLATION: Final = {
    "process": "own session, killed with all its descendants; dies with the worker",
    "environment": "clean: no key of the service is handed over",
    "privileges": "no new privileges",
    "memory": "watched, and capped by RLIMIT_DATA; steps with a GPU are only watched",
    "disk": "own folder, watched, and capped by RLIMIT_FSIZE",
    "time": "deadline",
    "devices": "CUDA_VISIBLE_DEVICES names the step's own GPU, or none",
    "network": "open",
    "filesystem": "open, to all that the worker's user may read",
    "system calls": "open",
}
"""Which layers of the sandbox stand, as the worker announces them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one attempt: bytes of memory, bytes written to disk, seconds of wall time."""

    memory: int
    disk: int
    seconds: float


def confine(memory: int | None, disk: int) -> None:
    """Give up, in the child and before it sees a model, all that it does not need.

    The full sandbox (Landlock, seccomp, namespaces) belongs here, and in ISOLATION.

    Args:
        memory: bytes that the step may use beyond what it shares with the fork server; None
            for a step with a GPU, because CUDA reserves far more than it ever uses.
        disk: size in bytes of the largest file that it may write.
    """
    gain_nothing()
    os.umask(0o077)
    inherited = asked_for(os.getpid())
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, disk)
    if memory is not None:
        _lower(resource.RLIMIT_DATA, inherited + memory + HEADROOM)
    with suppress(PermissionError):  # a container may forbid even raising one's own score
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (limit, limit))
