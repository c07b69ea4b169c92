"""Rows: what became of one architecture, target by target."""

from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict

from shared.domain.formats import (
    COREML,
    ONNX,
    OPENVINO,
    ORT,
    PT2,
    SAVEDMODEL,
    TENSORRT_RTX,
    TFLITE,
    TRITON,
)

PYTORCH: Final = "pytorch"

TARGETS: Final = (
    ONNX.name,
    PT2.name,
    PYTORCH,
    SAVEDMODEL.name,
    TFLITE.name,
    OPENVINO.name,
    ORT.name,
    COREML.name,
    TENSORRT_RTX.name,
    TRITON.name,
)
"""The columns."""


class Proof(StrEnum):
    """How far it got, the best first."""

    VERIFIED = "verified"
    CONVERTED = "converted"  # nothing here can run it
    NONE = "none"


class Cell(BaseModel):
    """`max_rel` is the largest error of any output, as the verification tells it; `reason` says
    why nothing ran the result, or why there is none: then `code` is the error's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    proof: Proof
    max_rel: float | None = None
    route: str | None = None
    code: str | None = None
    node: str | None = None
    operator: str | None = None
    reason: str | None = None
    seconds: float = 0.0


class Row(BaseModel):
    """`dynamic`: whether the batch of the source varies."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: str
    source: str
    dynamic: bool
    cells: dict[str, Cell]
