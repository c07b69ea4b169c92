"""Manifest: who an engine is, written down beside it, and read again."""

import hashlib
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from shared.domain.engines import ENGINE_FILE, MANIFEST_FILE, Manifest, Profile
from shared.domain.errors import InvalidModel
from shared.domain.gpus import Gpu
from shared.domain.precisions import Precision
from shared.domain.signatures import Signature
from workers.tensorrt_bridge.library import TENSORRT_RTX, Library
from workers.tensorrt_bridge.options import EngineOptions, TensorrtOptions
from workers.tensorrt_bridge.peaks import cuda_version

ELSEWHERE = frozenset({"gpu", "compute_capability", "gpu_memory"})
"""Options that say where to build. The manifest says where that was."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What the builder knows of what it built."""

    library: Library
    options: EngineOptions
    signature: Signature
    profile: Profile
    values: AbstractSet[str]
    flags: tuple[str, ...]
    precision: Precision


def manifest(engine: Engine, path: Path, source: Path, gpu: Gpu | None) -> Manifest:
    """The identity of the engine at `path`, built from the ONNX file at `source`."""
    options = engine.options
    name: Literal["tensorrt", "tensorrt-rtx"] = (
        "tensorrt-rtx" if engine.library.name == TENSORRT_RTX else "tensorrt"
    )
    return Manifest(
        format=name,
        digest=digest(path),
        size=path.stat().st_size,
        library=engine.library.version,
        bindings=engine.library.bindings,
        cuda=cuda_version() if gpu else None,
        driver=gpu.driver if gpu else None,
        gpu=gpu,
        hardware=options.hardware if isinstance(options, TensorrtOptions) else "none",
        version_compatible=options.version_compatible,
        refittable=options.refittable or options.weight_stripped,
        weight_stripped=options.weight_stripped,
        precision=engine.precision.value,
        flags=engine.flags,
        options=options.model_dump(mode="json", exclude=set(ELSEWHERE)),
        inputs=engine.signature.inputs,
        outputs=engine.signature.outputs,
        profiles=(engine.profile,),
        values=tuple(sorted(engine.values)),
        source=digest(source),
    )


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an unpacked engine.

    Raises:
        InvalidModel: it is not there or cannot be read, or there is no engine beside it.
    """
    try:
        told = Manifest.model_validate_json((folder / MANIFEST_FILE).read_bytes())
        (folder / ENGINE_FILE).stat()
    except OSError as error:
        raise InvalidModel(
            f"The zip must hold {ENGINE_FILE} and {MANIFEST_FILE}: {error.strerror}."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise InvalidModel(f"{MANIFEST_FILE} is no manifest ({where}: {first['msg']}).") from None
    return told


def insist_on_engine(folder: Path, told: Manifest) -> None:
    """
    Raises:
        InvalidModel: the engine is not the one that the manifest tells of.
    """
    if digest(folder / ENGINE_FILE) != told.digest:
        raise InvalidModel(f"{ENGINE_FILE} is not the engine that {MANIFEST_FILE} tells of.")


def digest(path: Path) -> str:
    """The SHA-256 of a file, as an artifact is named."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
