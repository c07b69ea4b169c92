"""The weights of an exported program, alone."""

from pathlib import Path
from typing import Any

from shared.domain.errors import StepRefused
from shared.domain.formats import PT2, SAFETENSORS
from shared.domain.offers import Fidelity
from workers.converter import Bench, Options, converter
from workers.runtimes.pt2_load import load_program


@converter(
    PT2,
    SAFETENSORS,
    options=Options,
    summary="Parameters, buffers and constants by their names, read back and compared bit for bit",
    version=1,
    packages=("torch", "safetensors"),
    memory=4.0,
    fidelity=Fidelity.EXACT,
)
def convert(bench: Bench[Options]) -> None:
    """Write every tensor; those that share their memory are written under each of their names."""
    import torch
    from safetensors.torch import save_file

    bench.say("loading the exported program", progress=0.1)
    program = load_program(bench.source)
    held = {**program.constants, **program.state_dict}
    tensors = {
        name: each.detach().contiguous().clone()
        for name, each in held.items()
        if isinstance(each, torch.Tensor)
    }
    if not tensors:
        raise StepRefused("The program holds no tensor: there are no weights to write.")
    bench.say("writing the tensors", progress=0.4)
    save_file(tensors, bench.target, metadata={"format": "pt"})
    bench.say("reading them back", progress=0.7)
    _compare(bench.target, tensors)
    bench.note(tensors=len(tensors), compared="every tensor, bit for bit")


def _compare(path: Path, tensors: dict[str, Any]) -> None:
    """Hold the file against what it was made of.

    Raises:
        StepRefused: a tensor is not as it was.
    """
    import torch
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        names = set(file.keys())
        if names != set(tensors):
            raise StepRefused(f"The file holds other tensors: {sorted(names ^ set(tensors))[:5]}.")
        for name, tensor in tensors.items():
            read = file.get_tensor(name)
            same = (read.shape, read.dtype) == (tensor.shape, tensor.dtype)
            if not same or not torch.equal(_bytes(read), _bytes(tensor)):
                raise StepRefused(f"The tensor {name!r} was not read back as it was written.")


def _bytes(tensor: Any) -> Any:
    import torch

    return tensor.contiguous().flatten().view(torch.uint8)
