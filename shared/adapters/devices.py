"""Devices: which GPU has a step on it, told between all workers by Postgres."""

from contextlib import AbstractContextManager
from typing import Final

from typing_extensions import override

from shared.adapters.locks import Locks
from shared.ports import Devices

BLINK: Final = 0.03
"""Seconds to wait for a device: as long as another may have it only to look for a step."""


class LockedDevices(Devices):
    """A lock for each device, by its UUID, held for as long as a step runs there.

    Workers on one host, in containers of their own perhaps, may see the same device. A worker
    that dies gives it back with its connection. If the database goes away meanwhile the step
    goes on: what it measures then may be disturbed by a neighbour, and nothing else.
    """

    def __init__(self, locks: Locks) -> None:
        self._locks = locks

    @override
    def alone(self, uuid: str) -> AbstractContextManager[bool]:
        return self._locks.held(f"device:{uuid}", BLINK)
