"""Targets: what a user wants a model turned into."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Target(BaseModel):
    """A format's name and the options for getting there, as flat as the user wrote them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = Field(min_length=1, max_length=64)
    options: dict[str, Any] = Field(default_factory=dict)
