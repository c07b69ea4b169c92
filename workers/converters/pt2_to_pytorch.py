"""Exported programs to readable PyTorch source."""

from pydantic import Field

from shared.domain.formats import PT2, PYTORCH
from workers.converter import Bench, Options, converter
from workers.runtimes.pt2_load import load_program


class Pt2ToPytorch(Options):
    """What can be asked of the source."""

    class_name: str = Field(
        "Model",
        pattern=r"^[A-Z][A-Za-z0-9]{0,63}$",
        description="The model's class, where the program does not say how it was called.",
    )


@converter(
    PT2,
    PYTORCH,
    options=Pt2ToPytorch,
    summary="Readable source: layers, modules and loops found again, formatted by ruff",
    version=1,
    packages=("torch", "safetensors", "ruff"),
    memory=5.0,
)
def convert(bench: Bench[Pt2ToPytorch]) -> None:
    """Write the program down, and hold what was written to it before it counts."""
    from workers.torch_source.writing import write_checked

    bench.say("loading the exported program", progress=0.05)
    program = load_program(bench.source)
    bench.say("finding layers and modules", progress=0.2)
    written = write_checked(program, bench.target, bench.options.class_name)
    bench.note(**written)
