"""Signatures: what a model takes and gives."""

from pydantic import BaseModel, ConfigDict, Field

Dim = int | str | None
"""A fixed length, a named length that may vary, or a length that may vary and has no name."""


class Tensor(BaseModel):
    """One input or output.

    `dtype` is numpy's name (`float32`, `int64`, `bool`, `bfloat16` by ml_dtypes).
    `upper`, for integer inputs, is the exclusive bound of what may be fed: the number of
    rows of the embedding that the input indexes, where one was found.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    dtype: str
    shape: tuple[Dim, ...] | None
    upper: int | None = None


class Signature(BaseModel):
    """Inputs and outputs, each in the model's own order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class Inspection(BaseModel):
    """What is known about a model before it is run.

    `parameters` counts weights' elements; `operators` counts nodes by operator type.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    signature: Signature
    parameters: int
    operators: dict[str, int] = Field(default_factory=dict)
    producer: str | None = None
    opset: int | None = None
