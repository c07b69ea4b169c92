"""Compute capabilities by the names of GPUs, as NVIDIA publishes them.

Source: NVIDIA, "CUDA GPU Compute Capability" (developer.nvidia.com/cuda-gpus) and its page of
legacy GPUs; data centre, workstation and GeForce devices since Volta.
"""

from collections.abc import Iterable
from typing import Final

from shared.domain.gpus import ComputeCapability, Gpu, words

_NAMES: Final = {
    "12.1": "GB10",
    "12.0": "RTX PRO 6000 Blackwell; RTX PRO 5000 Blackwell; RTX PRO 4500 Blackwell;"
    " RTX PRO 4000 Blackwell; RTX PRO 2000 Blackwell; RTX 5090; RTX 5080; RTX 5070; RTX 5060;"
    " RTX 5050",
    "10.3": "GB300; B300",
    "10.0": "GB200; B200",
    "9.0": "GH200; H200; H100",
    "8.9": "L4; L40; L40S; RTX 6000 Ada; RTX 5000 Ada; RTX 4500 Ada; RTX 4000 Ada;"
    " RTX 4000 SFF Ada; RTX 2000 Ada; RTX 4090; RTX 4080; RTX 4070; RTX 4060; RTX 4050",
    "8.6": "A40; A10; A16; A2; RTX A6000; RTX A5000; RTX A4000; RTX A3000; RTX A2000; RTX 3090;"
    " RTX 3080; RTX 3070; RTX 3060; RTX 3050",
    "8.0": "A100; A30",
    "7.5": "T4; Quadro RTX 8000; Quadro RTX 6000; Quadro RTX 5000; Quadro RTX 4000;"
    " Quadro RTX 3000; T1200; T1000; T600; T500; T400; TITAN RTX; RTX 2080; RTX 2070; RTX 2060;"
    " GTX 1660; GTX 1650",
    "7.0": "V100; Quadro GV100; TITAN V",
}

PUBLISHED: Final = {
    " ".join(words(name)): capability
    for capability, names in _NAMES.items()
    for name in names.split(";")
}
"""By the words that tell a model: a suffix such as `Ti`, `SUPER` or `80GB` changes nothing."""


def capability_of(name: str, fleet: Iterable[Gpu] = ()) -> ComputeCapability | None:
    """The compute capability of a GPU of that name; None where it cannot be told for certain.

    A name that devices of the fleet answer to is theirs, if they agree; another is looked up in
    what NVIDIA publishes. `RTX 4000` alone is in neither: there are three of that name.
    """
    said = " ".join(words(name))
    known = {gpu.compute_capability for gpu in fleet if said in gpu.names}
    if len(known) == 1:
        return known.pop()
    return None if known else _published(words(name))


def _published(said: tuple[str, ...]) -> ComputeCapability | None:
    ends = range(len(said) + 1)
    runs = sorted((said[start:end] for end in ends for start in range(end)), key=len, reverse=True)
    return next((PUBLISHED[run] for each in runs if (run := " ".join(each)) in PUBLISHED), None)
