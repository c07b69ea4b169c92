"""Targets: what a user wants a model turned into."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

LONGEST_IN_A_LIST: Final = 200
"""Characters of an option's text that a list shows."""


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


def shortened(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options for a list: a text longer than 200 characters is cut, and ends with "…".

    A mapping file may be some hundred thousand characters, and a page has 200 jobs.
    """
    return {
        name: f"{value[: LONGEST_IN_A_LIST - 1]}…"
        if isinstance(value, str) and len(value) > LONGEST_IN_A_LIST
        else value
        for name, value in options.items()
    }
