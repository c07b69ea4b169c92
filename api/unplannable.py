"""Unplannable: why nothing could be planned, declared once for all that plan."""

from typing import Final

from shared.domain.errors import (
    BareStateDict,
    FerryError,
    InvalidOptions,
    NoRoute,
    SamplesRequired,
    UnknownTarget,
    UnsupportedPrecision,
)

UNPLANNABLE: Final[tuple[type[FerryError], ...]] = (
    UnknownTarget,
    NoRoute,
    InvalidOptions,
    BareStateDict,
    SamplesRequired,
    UnsupportedPrecision,
)
