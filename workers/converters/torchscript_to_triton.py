"""TorchScript to a Triton model repository, served by PyTorch."""

import shutil
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from shared.domain.errors import StepRefused
from shared.domain.formats import TORCHSCRIPT, TRITON
from shared.domain.offers import Fidelity
from workers.converter import Bench, converter
from workers.runtimes.torchscript import caller, load_script
from workers.runtimes.torchscript_probe import probe
from workers.triton_bridge.assemble import assemble
from workers.triton_bridge.config import Backend
from workers.triton_bridge.options import TritonOptions
from workers.verification.given import InputSpec, given_from


class TorchscriptToTriton(TritonOptions):
    backend: Literal["pytorch"] | None = Field(
        None,
        description="What serves the model: `pytorch` keeps it as it is, `onnxruntime` is smaller"
        " and often faster.",
    )
    inputs: dict[str, InputSpec] | None = Field(
        None,
        description="Shape and dtype of each input. A TorchScript file does not say them; they are"
        " taken from the samples, or found by trying, when this is left out.",
    )


@converter(
    TORCHSCRIPT,
    TRITON,
    options=TorchscriptToTriton,
    summary="A Triton model repository, served by PyTorch",
    version=1,
    packages=("torch", "tritonclient"),
    memory=3.0,
    fidelity=Fidelity.EXACT,
)
def convert(bench: Bench[TorchscriptToTriton]) -> None:
    """Copy the file and describe it by the positions of its inputs and outputs."""
    bench.say("finding out what the module takes", progress=0.1)
    module = load_script(bench.source)
    _refuse_nested(module)
    said = bench.options.model_dump()["inputs"]
    signature = probe(module, caller(module), given_from(said, bench.samples)).signature

    def place(version: Path) -> None:
        shutil.copyfile(bench.source, version / "model.pt")

    backend = Backend("pytorch", "pytorch_libtorch")
    assemble(bench, signature, backend, place, renamed=True)


def _refuse_nested(module: Any) -> None:
    """Triton's PyTorch backend takes a tensor back, or a flat tuple or list of them."""
    (given,) = module.forward.schema.returns
    kind = given.type.kind()
    parts = given.type.elements() if kind == "TupleType" else []
    if kind == "ListType":
        parts = [given.type.getElementType()]
    if kind != "TensorType" and (not parts or any(each.kind() != "TensorType" for each in parts)):
        raise StepRefused(
            f"The module returns a {given.type}; Triton's PyTorch backend takes tensors, or a"
            " flat tuple of them. Script a wrapper that returns such, or ask for"
            " backend=onnxruntime.",
            field="options.backend",
        )
