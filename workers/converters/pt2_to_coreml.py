"""Exported programs to Core ML, by coremltools."""

from shared.domain.formats import COREML, PT2
from workers.converter import Bench, converter
from workers.coreml_bridge.options import CoremlOptions
from workers.coreml_bridge.packages import build
from workers.coreml_bridge.programs import known
from workers.runtimes.pt2 import signature_of
from workers.runtimes.pt2_load import load_program


@converter(
    PT2,
    COREML,
    options=CoremlOptions,
    summary="coremltools, dimensions that vary kept; cannot be run on Linux",
    version=2,
    packages=("torch", "coremltools"),
    memory=6.0,
)
def convert(bench: Bench[CoremlOptions]) -> None:
    """Translate the program's graph, operator by operator."""
    bench.say("loading the exported program", progress=0.05)
    program = load_program(bench.source)
    signature = signature_of(program)
    build(bench, known(program), signature, None)
