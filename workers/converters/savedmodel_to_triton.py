"""TensorFlow SavedModel to a Triton model repository, served by TensorFlow."""

import shutil
from pathlib import Path
from typing import Literal

from pydantic import Field

from shared.domain.formats import SAVEDMODEL, TRITON
from shared.domain.offers import Fidelity
from workers.converter import Bench, converter
from workers.tensorflow_bridge import saved_graphs, saved_models
from workers.triton_bridge.assemble import assemble
from workers.triton_bridge.config import Backend
from workers.triton_bridge.options import TritonOptions
from workers.triton_bridge.tensorflow import SIGNATURE


class SavedModelToTriton(TritonOptions):
    backend: Literal["tensorflow"] | None = Field(
        None,
        description="What serves the model: `tensorflow` needs a Triton up to 25.02;"
        " `onnxruntime` runs everywhere.",
    )
    signature: str | None = Field(
        default=None,
        description="The signature to serve; `serving_default`, or the only one, by default.",
    )


@converter(
    SAVEDMODEL,
    TRITON,
    options=SavedModelToTriton,
    summary="A Triton model repository, served by TensorFlow (Triton up to 25.02)",
    version=1,
    packages=("tensorflow-cpu", "tritonclient"),
    memory=2.0,
    fidelity=Fidelity.EXACT,
)
def convert(bench: Bench[SavedModelToTriton]) -> None:
    """Copy the folder and describe one of its signatures."""
    bench.say("reading the model's signature", progress=0.1)
    root = saved_models.root(bench.source)
    name = saved_graphs.signature_name(root, bench.options.signature)
    signature = saved_graphs.inspect(root, name).signature
    parameters = {} if name == saved_models.DEFAULT else {SIGNATURE: name}

    def place(version: Path) -> None:
        ours = shutil.ignore_patterns(saved_models.CHOICE)
        shutil.copytree(root, version / "model.savedmodel", ignore=ours)

    backend = Backend("tensorflow", "tensorflow_savedmodel", parameters=parameters)
    assemble(bench, signature, backend, place)
