"""Options that every way to Core ML has."""

from typing import Literal

from pydantic import Field

from workers.converter import Options


class CoremlOptions(Options):
    """What the package is for. Nothing here can be checked by running it."""

    compute: Literal["float32", "float16"] = Field(
        "float32",
        description="What Core ML computes in. float16 is what the Neural Engine wants, and no"
        " worker can tell what it costs.",
    )
    deployment: Literal["iOS15", "iOS16", "iOS17", "iOS18"] = Field(
        "iOS17", description="The oldest system that the package is to run on."
    )
