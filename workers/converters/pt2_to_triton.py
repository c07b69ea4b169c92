"""PyTorch exported program to a Triton model repository, served by Triton's Python backend."""

import shutil
from pathlib import Path
from typing import Literal

from pydantic import Field

from shared.domain.formats import PT2, TRITON
from shared.domain.offers import Fidelity
from workers.converter import Bench, converter
from workers.runtimes.pt2 import signature_of
from workers.runtimes.pt2_load import load_program
from workers.triton_bridge import pt2_model
from workers.triton_bridge.assemble import assemble
from workers.triton_bridge.config import Backend
from workers.triton_bridge.options import TritonOptions
from workers.triton_bridge.repository import PYTHON_MODEL


class Pt2ToTriton(TritonOptions):
    backend: Literal["python"] | None = Field(
        None,
        description="What serves the model: `python` needs PyTorch in the server's Python,"
        " `onnxruntime` needs nothing.",
    )


@converter(
    PT2,
    TRITON,
    options=Pt2ToTriton,
    summary="A Triton model repository, served by PyTorch in Triton's Python backend",
    version=1,
    packages=("torch", "tritonclient"),
    memory=3.0,
    fidelity=Fidelity.EXACT,
)
def convert(bench: Bench[Pt2ToTriton]) -> None:
    """Copy the program, and beside it the few lines of Python that serve it."""
    bench.say("reading the program", progress=0.1)
    signature = signature_of(load_program(bench.source))

    def place(version: Path) -> None:
        shutil.copyfile(bench.source, version / "model.pt2")
        shutil.copyfile(str(pt2_model.__file__), version / PYTHON_MODEL)

    assemble(bench, signature, Backend("python"), place)
