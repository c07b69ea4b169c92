"""Targets: what a user wants a model turned into."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Target(BaseModel):
    """A format's name and the options for getting there, as flat as the user wrote them.

    `matrix` asks for one job for each combination of its values: `{"precision": ["fp16",
    "int8"], "gpu": ["H100", "L4"]}` is four.

    Of the options two are about weights: `template` is the id of an uploaded model that the
    weights of the source are put into, before it goes on to the target; `mapping` says which
    variable is which, by a known family's name or as the text of a mapping file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = Field(min_length=1, max_length=64)
    options: dict[str, Any] = Field(default_factory=dict)
    matrix: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
