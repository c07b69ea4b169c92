"""Artifacts: bytes named by what they are, not by where they lie."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict

DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


def _checked(text: str) -> str:
    if not DIGEST.fullmatch(text):
        message = "a digest is written 'sha256:' and 64 hexadecimal digits"
        raise ValueError(message)
    return text


Digest = Annotated[str, AfterValidator(_checked)]


class Artifact(BaseModel):
    """Bytes in the object store, and how to read them. `size` is in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: Digest
    format: str
    size: int
