"""TensorRT engine to a Triton model repository. The engine is not loaded: its manifest tells."""

import shutil
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from shared.domain.engines import ENGINE_FILE, MANIFEST_FILE, Manifest
from shared.domain.errors import InvalidModel
from shared.domain.formats import TENSORRT, TRITON
from shared.domain.offers import Fidelity
from shared.domain.signatures import Signature
from workers.converter import Bench, converter
from workers.triton_bridge.assemble import assemble
from workers.triton_bridge.config import Backend
from workers.triton_bridge.options import TritonOptions


class TensorrtToTriton(TritonOptions):
    backend: Literal["tensorrt"] | None = Field(
        None,
        description="What serves the model: `tensorrt` needs the kind of GPU and the TensorRT"
        " that the engine was built with.",
    )


@converter(
    TENSORRT,
    TRITON,
    options=TensorrtToTriton,
    summary="A Triton model repository, served by TensorRT on a GPU",
    version=1,
    packages=("tritonclient",),
    memory=2.0,
    fidelity=Fidelity.EXACT,
)
def convert(bench: Bench[TensorrtToTriton]) -> None:
    """Copy the plan and its manifest, and describe them."""
    bench.say("reading the engine's manifest", progress=0.1)
    manifest = read_manifest(bench.source)

    def place(version: Path) -> None:
        shutil.copyfile(bench.source / ENGINE_FILE, version / "model.plan")
        shutil.copyfile(bench.source / MANIFEST_FILE, version / MANIFEST_FILE)

    backend = Backend(
        "tensorrt",
        "tensorrt_plan",
        most=_most(manifest),
        profiles=max(len(manifest.profiles), 1),
        gpu=True,
    )
    signature = Signature(inputs=manifest.inputs, outputs=manifest.outputs)
    assemble(bench, signature, backend, place)


def read_manifest(folder: Path) -> Manifest:
    """
    Raises:
        InvalidModel: there is none, it cannot be read, or it is of TensorRT-RTX.
    """
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST_FILE).read_bytes())
    except (OSError, ValidationError) as error:
        raise InvalidModel(
            f"The engine's {MANIFEST_FILE} cannot be read. Send the zip as it was delivered."
        ) from error
    if manifest.format != TENSORRT.name:
        raise InvalidModel(
            "The engine is TensorRT-RTX's, which Triton does not serve. Build it with the target"
            " tensorrt."
        )
    return manifest


def _most(manifest: Manifest) -> int | None:
    """The largest batch that a profile takes; 0 where none takes a batch of one."""
    ranges = [each for profile in manifest.profiles for each in profile.values() if each.min]
    if not ranges:
        return None
    if any(each.min[0] > 1 for each in ranges):
        return 0
    return (
        min(each.max[0] for each in ranges)
        if len(manifest.profiles) == 1
        else max(
            min(each.max[0] for each in profile.values() if each.max)
            for profile in manifest.profiles
        )
    )
