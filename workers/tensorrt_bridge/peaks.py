"""Peaks: how much memory a build took at most, on the host and on the GPU."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.gpus import Gpu

INTERVAL: Final = 0.1  # seconds between two looks at the GPU
STATUS: Final = Path("/proc/self/status")
CLEAR: Final = Path("/proc/self/clear_refs")
RESET_PEAK: Final = "5"
"""Linux, Documentation/filesystems/proc.rst: resets the peak resident set size."""


@dataclass(slots=True)
class Peaks:
    """In bytes. `host` is this process's; `device` is None without a GPU that can be asked."""

    host: int | None = None
    device: int | None = None


@contextmanager
def peaks(gpu: Gpu | None) -> Iterator[Peaks]:
    """Watch from here to the end of the block, after which the numbers stand."""
    found = Peaks()
    with suppress(OSError):  # then the peak is that of the process's whole life
        CLEAR.write_text(RESET_PEAK, encoding="ascii")
    with _watched(gpu, found):
        try:
            yield found
        finally:
            found.host = _peak_resident()


def cuda_version() -> str | None:
    """The CUDA that the driver brings, as `13.1`; None where NVML cannot be asked."""
    import pynvml

    try:
        pynvml.nvmlInit()
        number = int(pynvml.nvmlSystemGetCudaDriverVersion_v2())
    except pynvml.NVMLError:
        return None
    return f"{number // 1000}.{number % 1000 // 10}"


def _peak_resident() -> int | None:
    for line in STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    return None


@contextmanager
def _watched(gpu: Gpu | None, found: Peaks) -> Iterator[None]:
    handle = _handle(gpu) if gpu else None
    before = _used(handle) if handle is not None else None
    if before is None:
        yield
        return
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(handle, before, found, over), daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def _watch(handle: Any, before: int, found: Peaks, over: threading.Event) -> None:
    last = False
    while not last:
        last = over.wait(INTERVAL)
        used = _used(handle)
        if used is not None:
            found.device = max(found.device or 0, used - before)


def _handle(gpu: Gpu) -> Any:
    import pynvml

    try:
        pynvml.nvmlInit()
        return pynvml.nvmlDeviceGetHandleByUUID(gpu.uuid)
    except pynvml.NVMLError:
        return None


def _used(handle: Any) -> int | None:
    """None where the device does not tell: those that share the host's memory do not."""
    import pynvml

    try:
        return int(pynvml.nvmlDeviceGetMemoryInfo(handle).used)
    except pynvml.NVMLError:
        return None
