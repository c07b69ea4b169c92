"""Ties: variables of two names and one memory."""

from collections.abc import Mapping

from workers.weights.sections import Section


def ties(sections: Mapping[str, Section]) -> dict[str, str]:
    """From each name whose very bytes an earlier one has, to that one."""
    first: dict[tuple[object, ...], str] = {}
    found: dict[str, str] = {}
    for name, each in sections.items():
        if 0 in each.shape:
            continue
        place = (each.file, each.offset, each.dtype, each.shape, each.strides)
        if place in first:
            found[name] = first[place]
        else:
            first[place] = name
    return found
