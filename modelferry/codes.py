"""Codes: from what the service says is wrong to the class that is raised for it."""

from collections.abc import Iterator, Mapping
from typing import Final

from modelferry.errors import ModelferryError, Ours, Passing, Yours

BANDS: Final[Mapping[str, type[ModelferryError]]] = {
    each.band: each for each in (Yours, Ours, Passing)
}


def every_error(root: type[ModelferryError] = ModelferryError) -> Iterator[type[ModelferryError]]:
    """All classes below `root`, parents first."""
    for child in root.__subclasses__():
        yield child
        yield from every_error(child)


def error_class(code: str, band: str) -> type[ModelferryError]:
    """The class of that code or, for a code that is newer than this client, of its band."""
    known = {each.code: each for each in every_error()}
    return known.get(code) or BANDS.get(band, Ours)
