"""Exported programs to TensorFlow Lite, by litert-torch."""

from pathlib import Path
from typing import Any

from pydantic import Field

from shared.domain.errors import StepRefused
from shared.domain.formats import PT2, TFLITE
from shared.domain.offers import Fidelity
from workers.converter import Bench, Options, converter
from workers.converters.torch_programs import compile_program
from workers.runtimes.pt2 import Pt2Runtime, signature_of
from workers.runtimes.pt2_load import load_program
from workers.tflite_bridge import files
from workers.tflite_bridge.loosening import holds, loosen
from workers.tflite_bridge.options import Quantization, ToTflite
from workers.tflite_bridge.quantizing import quantize
from workers.tflite_bridge.refusing import accept
from workers.verification.cases import Run, reference_runs

SEED = 2
"""Not that of the verification: what was tried on an input proves nothing on the same one."""


class Pt2ToTflite(Options):
    """litert-torch compiles for one shape; whether others work is tried."""

    quantization: Quantization = Field(
        default=Quantization.NONE,
        description="none keeps float32; fp16 halves the weights; dynamic keeps weights in int8;"
        " int8 computes in integers and needs samples.",
    )
    dynamic: bool | None = Field(
        default=None,
        description="By default lengths that may vary are kept where the result computes rightly"
        " at others, else fixed at those of the example, which the report tells. true insists on"
        " them and tries the next route; false fixes them.",
    )


@converter(
    PT2,
    TFLITE,
    options=Pt2ToTflite,
    summary="litert-torch; compiled for the shapes of the example, others kept where they work",
    packages=("torch", "litert-torch", "ai-edge-litert", "ai-edge-quantizer", "numpy"),
    memory=8.0,
    fidelity=Fidelity.NARROW,
    version=1,
    samples_for={"quantization": "int8"},
    environment={"JAX_PLATFORMS": "cpu"},
)
def convert(bench: Bench[Pt2ToTflite]) -> None:
    bench.say("loading the exported program", progress=0.05)
    program = load_program(bench.source)
    bench.say("compiling with litert-torch", progress=0.2)
    path = bench.folder / "compiled.tflite"
    compile_program(program, path)
    accept(files.read(path), ToTflite())
    _keep_lengths(program, path, bench)
    if bench.options.quantization is Quantization.NONE:
        path.replace(bench.target)
        return
    bench.say("quantizing", progress=0.8)
    quantize(path, bench.options.quantization, bench.samples, bench.target)


def _keep_lengths(program: Any, path: Path, bench: Bench[Pt2ToTflite]) -> None:
    """Say of lengths that may vary whether they still do."""
    signature = signature_of(program)
    varying = {
        tensor.name: [dim for dim in tensor.shape or () if not isinstance(dim, int)]
        for tensor in signature.inputs
    }
    if bench.options.dynamic is False or not any(varying.values()):
        return
    bench.say("trying other lengths than those of the example", progress=0.6)
    if holds(path, _runs(bench)):
        loosen(path, signature)
        return
    lite = files.read(path)
    shapes = {
        name: list(lite.subgraphs[lite.entry(None).subgraph].values[index].shape)
        for name, index in lite.entry(None).inputs.items()
    }
    if bench.options.dynamic:
        raise StepRefused(
            f"litert-torch fixed the lengths at those of the example, {shapes}, and the result"
            " fails at others. Leave dynamic out, or set it to false, to take it as it is.",
            field="options.dynamic",
        )
    bench.say(f"the lengths are fixed at those of the example: {shapes}")
    bench.note(fixed=shapes)


def _runs(bench: Bench[Pt2ToTflite]) -> list[Run]:
    with Pt2Runtime().open(bench.source, {}) as session:
        runs, _ = reference_runs(
            session, session.signature, None, SEED, lambda message, _: bench.say(message)
        )
    return runs
