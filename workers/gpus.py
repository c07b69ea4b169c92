"""GPUs: which devices this worker has, read through NVIDIA's management library (NVML)."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from shared.domain.gpus import Gpu

VISIBLE: Final = "CUDA_VISIBLE_DEVICES"

Nvml = Any
"""The module `pynvml`, which has no types."""


@dataclass(frozen=True, slots=True)
class Found:
    """The devices to work with, and what is missing, in sentences for the operator."""

    gpus: tuple[Gpu, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Device:
    """A GPU as NVML counts it: `index` in the order of the PCI bus, `parts` if it is split."""

    index: int
    uuid: str
    parts: tuple[Gpu, ...]


def discover(
    environ: Mapping[str, str] = os.environ, load: Callable[[], Nvml] | None = None
) -> Found:
    """Look for devices. Never raises: what cannot be asked is told in `missing`.

    A GPU in MIG mode stands for its instances. `CUDA_VISIBLE_DEVICES` is heeded as CUDA does
    (NVIDIA, "CUDA C++ Programming Guide", environment variables): indices, which are taken in
    the order of the PCI bus, or beginnings of UUIDs, up to the first that names nothing.
    """
    try:
        nvml = (load or _pynvml)()
    except ImportError as error:
        return Found(missing=(f"GPUs cannot be looked for: the package nvidia-ml-py: {error}.",))
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        return Found(missing=(_no_driver(nvml, error),))
    try:
        return _visible(*_look(nvml), environ.get(VISIBLE))
    except nvml.NVMLError as error:
        return Found(missing=(f"The NVIDIA driver does not tell its GPUs: {error}.",))
    finally:
        with suppress(nvml.NVMLError):  # it is of no use any more in either case
            nvml.nvmlShutdown()


def _pynvml() -> Nvml:
    return import_module("pynvml")


def _no_driver(nvml: Nvml, error: Exception) -> str:
    if isinstance(error, nvml.NVMLError_LibraryNotFound):
        return (
            "The NVIDIA driver is not there: libnvidia-ml.so.1 cannot be loaded. Install the"
            " driver on the host; a container must be started with its GPUs (`--gpus all`)."
        )
    if isinstance(error, nvml.NVMLError_DriverNotLoaded):
        return (
            "The NVIDIA driver is installed but not loaded: load the kernel module `nvidia`, or"
            " start the container with its GPUs (`--gpus all`)."
        )
    if isinstance(error, nvml.NVMLError_LibRmVersionMismatch):
        return (
            "The NVIDIA driver's library and its kernel module are of different versions, as"
            " after an update: restart the host."
        )
    return f"The NVIDIA driver does not start: {error}."


def _look(nvml: Nvml) -> tuple[list[_Device], list[str]]:
    driver = _text(nvml.nvmlSystemGetDriverVersion())
    count = nvml.nvmlDeviceGetCount()
    devices, missing = [], []
    for index in range(count):
        try:
            devices.append(_device(nvml, index, driver))
        except nvml.NVMLError as error:
            missing.append(f"GPU {index} cannot be used: {error}.")
    missing += [
        f"GPU {each.index} ({each.uuid}) is in MIG mode and has no instance: make one with"
        " `nvidia-smi mig -cgi`."
        for each in devices
        if not each.parts
    ]
    if count == 0:
        missing.append(f"The NVIDIA driver {driver} is there, and no GPU is.")
    return devices, missing


def _device(nvml: Nvml, index: int, driver: str) -> _Device:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    major, minor = nvml.nvmlDeviceGetCudaComputeCapability(handle)
    handles = _instances(nvml, handle) if _is_split(nvml, handle) else [handle]
    parts = tuple(
        Gpu(
            uuid=_text(nvml.nvmlDeviceGetUUID(each)),
            name=_text(nvml.nvmlDeviceGetName(each)),
            compute_capability=f"{major}.{minor}",
            memory=int(nvml.nvmlDeviceGetMemoryInfo(each).total),
            driver=driver,
        )
        for each in handles
    )
    return _Device(index, _text(nvml.nvmlDeviceGetUUID(handle)), parts)


def _is_split(nvml: Nvml, handle: Any) -> bool:
    try:
        current, _ = nvml.nvmlDeviceGetMigMode(handle)
    except (nvml.NVMLError_NotSupported, nvml.NVMLError_FunctionNotFound):
        return False  # it cannot be split, or its driver is older than the splitting
    return bool(current == nvml.NVML_DEVICE_MIG_ENABLE)


def _instances(nvml: Nvml, handle: Any) -> Iterator[Any]:
    for number in range(nvml.nvmlDeviceGetMaxMigDeviceCount(handle)):
        with suppress(nvml.NVMLError_NotFound):  # a place that no instance takes
            yield nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, number)


def _visible(devices: list[_Device], missing: list[str], wanted: str | None) -> Found:
    everything = [gpu for each in devices for gpu in each.parts]
    if wanted is None:
        return Found(tuple(everything), tuple(missing))
    chosen: dict[str, Gpu] = {}
    for word in (each.strip() for each in wanted.split(",")):
        named = _named(devices, word)
        if not named:
            break
        chosen |= {gpu.uuid: gpu for gpu in named}
    if not chosen and everything:
        there = ", ".join(gpu.uuid for gpu in everything)
        missing.append(f"{VISIBLE} is {wanted!r}, which names none of the GPUs here ({there}).")
    return Found(tuple(chosen.values()), tuple(missing))


def _named(devices: list[_Device], word: str) -> tuple[Gpu, ...]:
    if word.isdecimal():
        return next((each.parts for each in devices if each.index == int(word)), ())
    if not word.startswith(("GPU-", "MIG-")):
        return ()
    whole = [each.parts for each in devices if each.uuid.startswith(word)]
    parts = [(gpu,) for each in devices for gpu in each.parts if gpu.uuid.startswith(word)]
    found = whole or parts
    return found[0] if len(found) == 1 else ()  # a beginning of several names none of them


def _text(said: str | bytes) -> str:
    """Older versions of the package answer in bytes."""
    return said.decode() if isinstance(said, bytes) else said
