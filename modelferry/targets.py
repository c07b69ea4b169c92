"""Targets: what is wished for, as the service takes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from modelferry.types import Target

Options = Mapping[str, Any]
Matrix = Mapping[str, Sequence[Any]]


def asked(wish: str | Target, options: Options | None, matrix: Matrix | None) -> dict[str, Any]:
    """A target as JSON. Options and matrix are those of a wish by name alone."""
    if isinstance(wish, Target):
        return asked(wish.format, wish.options, wish.matrix)
    told: dict[str, Any] = {"format": wish, "options": dict(options or {})}
    varied = {name: list(values) for name, values in (matrix or {}).items()}
    return told | ({"matrix": varied} if varied else {})


def known(members: Mapping[str, Any]) -> dict[str, Any]:
    """Those that were given."""
    return {name: value for name, value in members.items() if value is not None}
