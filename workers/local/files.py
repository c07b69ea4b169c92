"""Files: what lies on this machine, known by its bytes as the service's store knows it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from shared.domain.artifacts import Artifact

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class File:
    """An artifact, and where it lies."""

    artifact: Artifact
    path: Path


def described(path: Path, format: str) -> File:
    """Hash a file, a MiB at a time.

    Raises:
        OSError: it cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    artifact = Artifact(digest=f"sha256:{digest.hexdigest()}", format=format, size=size)
    return File(artifact, path)
