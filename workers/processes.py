"""Processes: who descends from whom and what memory they hold, read from /proc."""

import os
from collections import defaultdict
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
KIB: Final = 1024


def resident(pid: int) -> int:
    """Bytes of anonymous and shared memory in use, what it shares with a parent included.

    Raises:
        ProcessLookupError: it has ended.
    """
    fields = _kibibytes(pid, "status")
    return fields.get("RssAnon", 0) + fields.get("RssShmem", 0)


def asked_for(pid: int) -> int:
    """Bytes of private writable memory, used or not: what RLIMIT_DATA counts."""
    return _kibibytes(pid, "status").get("VmData", 0)


def private(pid: int) -> int:
    """Bytes of memory that would come free if this process ended. Costs milliseconds.

    What it shares with the fork server counts for nothing, shared memory by its share.

    Raises:
        ProcessLookupError: it has ended.
    """
    fields = _kibibytes(pid, "smaps_rollup")
    anonymous = min(fields.get("Pss_Anon", 0), fields.get("Private_Dirty", 0))
    return anonymous + fields.get("Pss_Shmem", 0) + fields.get("SwapPss", 0)


def descendants(root: int) -> list[int]:
    """Every process below `root`, whatever its session or group, parents first."""
    below: dict[int, list[int]] = defaultdict(list)
    with os.scandir(PROC) as entries:
        pids = [int(entry.name) for entry in entries if entry.name.isdigit()]
    for pid in pids:
        if (parent := _parent(pid)) is not None:
            below[parent].append(pid)
    found = list(below.get(root, ()))
    for pid in found:  # grows while it is walked
        found.extend(below.get(pid, ()))
    return found


def _parent(pid: int) -> int | None:
    try:
        text = (PROC / str(pid) / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name, which may hold anything, a parenthesis included.
    return int(text[text.rindex(b")") + 2 :].split()[1])


def _kibibytes(pid: int, file: str) -> dict[str, int]:
    try:
        text = (PROC / str(pid) / file).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise ProcessLookupError(pid) from None
    fields = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if value.endswith(" kB"):
            fields[name] = int(value[:-3]) * KIB
    return fields
