"""Which GPUs a worker finds, and what it says where it finds none."""
# ruff: noqa: N802 - the names of the fake driver's functions are NVIDIA's

from dataclasses import dataclass, field
from importlib import import_module
from types import SimpleNamespace

import pytest

from workers.gpus import discover

pynvml = import_module("pynvml")
GIB = 1 << 30
ERRORS = {name: each for name, each in vars(pynvml).items() if name.startswith("NVMLError_")}


@dataclass
class Device:
    uuid: str
    name: str = "NVIDIA L4"
    capability: tuple[int, int] = (8, 9)
    memory: int = 22 * GIB
    mig: list[object] | None = None
    fault: str | None = None


@dataclass
class Driver:
    """As much of `pynvml` as is asked, with its own errors; NVML itself is not here."""

    devices: list[Device] = field(default_factory=list)
    fault: str | None = None
    shut: int = 0

    NVML_DEVICE_MIG_ENABLE = 1
    NVMLError = pynvml.NVMLError

    def __getattr__(self, name):
        return ERRORS[name]

    def nvmlInit(self):
        if self.fault:
            raise ERRORS[self.fault]

    def nvmlShutdown(self):
        self.shut += 1

    def nvmlSystemGetDriverVersion(self):
        return b"580.65.06"

    def nvmlDeviceGetCount(self):
        return len(self.devices)

    def nvmlDeviceGetHandleByIndex(self, index):
        if fault := self.devices[index].fault:
            raise ERRORS[fault]
        return self.devices[index]

    def nvmlDeviceGetCudaComputeCapability(self, device):
        return device.capability

    def nvmlDeviceGetUUID(self, device):
        return device.uuid

    def nvmlDeviceGetName(self, device):
        return device.name

    def nvmlDeviceGetMemoryInfo(self, device):
        return SimpleNamespace(total=device.memory)

    def nvmlDeviceGetMigMode(self, device):
        if device.mig is None:
            raise ERRORS["NVMLError_NotSupported"]
        return (1, 1) if device.mig else (0, 1)

    def nvmlDeviceGetMaxMigDeviceCount(self, device):
        return len(device.mig)

    def nvmlDeviceGetMigDeviceHandleByIndex(self, device, number):
        if device.mig[number] is None:
            raise ERRORS["NVMLError_NotFound"]
        return device.mig[number]


def found(driver, visible=None):
    environ = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    return discover(environ, lambda: driver)


def uuids(driver, visible=None):
    return [each.uuid for each in found(driver, visible).gpus]


def pair():
    return Driver([Device("GPU-aa11"), Device("GPU-aa22", "NVIDIA H100 PCIe", (9, 0), 79 * GIB)])


def split():
    slices = [Device("MIG-1", "NVIDIA A100 MIG 1g.5gb", memory=4 * GIB), None]
    slices += [Device("MIG-2", "NVIDIA A100 MIG 2g.10gb", memory=9 * GIB)]
    return Driver([Device("GPU-a", "NVIDIA A100", (8, 0), 39 * GIB, mig=slices), Device("GPU-b")])


def test_each_device_is_told_whole():
    first, second = found(pair()).gpus
    assert (first.uuid, first.name, first.compute_capability) == ("GPU-aa11", "NVIDIA L4", "8.9")
    assert (first.memory, first.driver) == (22 * GIB, "580.65.06")
    assert (second.compute_capability, second.memory) == ("9.0", 79 * GIB)
    assert found(pair()).missing == ()


def test_the_library_is_let_go():
    driver = pair()
    discover({}, lambda: driver)
    assert driver.shut == 1


def test_this_machine_answers_with_a_device_or_a_sentence():
    here = discover({})
    assert here.gpus or here.missing


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("NVMLError_LibraryNotFound", "libnvidia-ml.so.1 cannot be loaded"),
        ("NVMLError_DriverNotLoaded", "not loaded"),
        ("NVMLError_LibRmVersionMismatch", "restart the host"),
        ("NVMLError_Unknown", "Unknown Error"),
    ],
)
def test_a_driver_that_is_missing_is_named(fault, words):
    nothing = found(Driver([Device("GPU-1")], fault=fault))
    assert nothing.gpus == ()
    (sentence,) = nothing.missing
    assert words in sentence
    assert sentence.startswith("The NVIDIA driver")


def test_a_package_that_is_missing_is_named():
    def load():
        raise ModuleNotFoundError("No module named 'pynvml'")

    (sentence,) = discover({}, load).missing
    assert "nvidia-ml-py" in sentence
    assert "pynvml" in sentence


def test_a_driver_without_a_device():
    (sentence,) = found(Driver()).missing
    assert "no GPU" in sentence


def test_a_device_that_fell_off_the_bus_costs_no_other():
    driver = pair()
    driver.devices[0].fault = "NVMLError_GpuIsLost"
    assert uuids(driver) == ["GPU-aa22"]
    (sentence,) = found(driver).missing
    assert sentence.startswith("GPU 0 cannot be used")


def test_a_driver_that_breaks_off_is_told():
    driver = pair()
    driver.nvmlDeviceGetCount = lambda: driver.nvmlInit()
    driver.nvmlInit = lambda: None
    driver.nvmlSystemGetDriverVersion = lambda: (_ for _ in ()).throw(ERRORS["NVMLError_Timeout"])
    (sentence,) = found(driver).missing
    assert "does not tell its GPUs" in sentence
    assert driver.shut == 1


def test_a_split_gpu_stands_for_its_instances():
    gpus = found(split()).gpus
    assert [each.uuid for each in gpus] == ["MIG-1", "MIG-2", "GPU-b"]
    assert gpus[0].compute_capability == "8.0", "of the whole: an instance is not asked"
    assert gpus[0].memory == 4 * GIB
    assert gpus[0].kind != gpus[1].kind


def test_a_split_gpu_without_an_instance_is_told():
    driver = Driver([Device("GPU-a", mig=[None])])
    assert uuids(driver) == []
    assert "has no instance" in found(driver).missing[0]


def test_a_gpu_that_could_be_split_and_is_not():
    assert uuids(Driver([Device("GPU-a", mig=[])])) == ["GPU-a"]


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        ("1", ["GPU-aa22"]),
        ("1,0", ["GPU-aa22", "GPU-aa11"]),
        ("0,0", ["GPU-aa11"]),
        ("0,-1,1", ["GPU-aa11"]),
        ("0,7,1", ["GPU-aa11"]),
        ("GPU-aa22", ["GPU-aa22"]),
        (" GPU-aa2 , 0", ["GPU-aa22", "GPU-aa11"]),
        ("GPU-aa", []),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
    ],
)
def test_only_visible_devices_are_found(visible, expected):
    assert uuids(pair(), visible) == expected


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        ("0", ["MIG-1", "MIG-2"]),
        ("GPU-a", ["MIG-1", "MIG-2"]),
        ("MIG-2", ["MIG-2"]),
        ("MIG-2,1", ["MIG-2", "GPU-b"]),
        ("MIG-", []),
    ],
)
def test_visible_devices_may_be_instances(visible, expected):
    assert uuids(split(), visible) == expected


def test_what_hides_all_devices_is_named():
    (sentence,) = found(pair(), "7").missing
    assert "CUDA_VISIBLE_DEVICES is '7'" in sentence
    assert "GPU-aa11" in sentence
