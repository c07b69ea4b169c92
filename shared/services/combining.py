"""Combining: a target with a matrix of options is one target for each combination."""

import json
from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any, Final

from shared.domain.errors import InvalidSchema
from shared.domain.targets import Target

MOST_JOBS: Final = 64
"""Of one request."""

MOST_TOLD: Final = 10**9
"""A larger number is not written out: a matrix of many options has one of thousands of digits."""


def combined(targets: Sequence[Target]) -> list[tuple[Target, str | None]]:
    """Each target without its matrix, and in words which combination it is, if it is one.

    In the order of the targets, and of the matrix's values: its last option varies fastest.

    Raises:
        InvalidSchema: an option is both given and varied, has no values, or there are more
            than MOST_JOBS combinations in all.
    """
    matrices = [_checked(target) for target in targets]
    count = sum(prod(map(len, matrix.values())) for matrix in matrices)
    if count > MOST_JOBS:
        told = count if count < MOST_TOLD else f"more than {MOST_TOLD}"
        raise InvalidSchema(
            f"The targets come to {told} jobs; one request may have {MOST_JOBS}.",
            field="targets",
        )
    return [
        each
        for target, matrix in zip(targets, matrices, strict=True)
        for each in _combinations(target, matrix)
    ]


def _checked(target: Target) -> dict[str, list[Any]]:
    """The matrix, each value once."""
    for name, values in target.matrix.items():
        if name in target.options:
            raise InvalidSchema(
                f"{name} is in the options and in the matrix of the target {target.format}."
                " Leave it out of one of them.",
                field="targets.matrix",
            )
        if not values:
            raise InvalidSchema(
                f"The matrix of the target {target.format} has no value for {name}.",
                field="targets.matrix",
            )
    return {
        name: list({json.dumps(each, sort_keys=True): each for each in values}.values())
        for name, values in target.matrix.items()
    }


def _combinations(target: Target, matrix: dict[str, list[Any]]) -> list[tuple[Target, str | None]]:
    if not matrix:
        return [(target, None)]
    chosen = (dict(zip(matrix, values, strict=True)) for values in product(*matrix.values()))
    return [
        (
            Target(format=target.format, options=target.options | each),
            ", ".join(f"{name} {value!r}" for name, value in each.items()),
        )
        for each in chosen
    ]
